"""`make screenshots`: every page and state, in both languages, on a desk and on a phone, light and dark.

It looks at a site that is already running (`make demo`, or SITE=http://…), whose sandbox it needs for the states.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SITE = os.environ.get("SITE", "http://127.0.0.1:8000")
CHROMIUM = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")
FOLDER = Path(os.environ.get("SCREENSHOTS", "var/screenshots"))
SHAPES = {"desk": (1280, 900), "phone": (390, 844)}
PATIENCE = 60_000


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for shape, (width, height) in SHAPES.items():
            for language in ("fr", "en"):
                for scheme in ("light", "dark"):
                    page = _page(browser, width, height, language, scheme)
                    _walk(page, f"{shape}-{language}-{scheme}")
                    page.context.close()
        browser.close()


def _page(browser: Browser, width: int, height: int, language: str, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=language, color_scheme=scheme, reduced_motion="reduce"
    )
    return context.new_page()


def _walk(page: Page, name: str) -> None:
    page.goto(SITE)
    _take(page, f"{name}-1-home")
    page.fill("#id_email", "nobody")
    page.click("form button.main")
    page.wait_for_selector("#summary")
    _take(page, f"{name}-2-errors")
    page.fill("#id_company", "Café de l’Étoile & fils")
    page.fill("#id_email", "marie@etoile.example")
    page.wait_for_timeout(700)
    _take(page, f"{name}-3-filled")
    page.click("form button.main")
    page.wait_for_selector("#progress")
    if not page.url.startswith(f"{SITE}/instances/"):
        sys.exit(f"The signup was refused: {page.inner_text('main')}")
    page.wait_for_timeout(1500)
    _take(page, f"{name}-4-progress")
    page.wait_for_selector(".facts", timeout=PATIENCE)
    if page.locator("[data-reveal]").count():
        page.click("[data-reveal] [type=submit]")
        page.wait_for_selector("#password:visible")
    _take(page, f"{name}-5-ended")
    page.goto(f"{SITE}/instances/nothing/")
    _take(page, f"{name}-6-missing")


def _take(page: Page, name: str) -> None:
    page.screenshot(path=str(FOLDER / f"{name}.png"), full_page=True)


if __name__ == "__main__":
    main()
