import pytest
from playwright.sync_api import sync_playwright

pytestmark = [
    pytest.mark.any_store("a page with a script, which reads no row"),
    pytest.mark.django_db(transaction=True),
]


def test_the_documentation_opens_in_a_browser_with_nothing_from_elsewhere(live_server, chromium_path):
    troubles = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: troubles.append(request.url) if not _ours(request, live_server) else None)
        page.goto(f"{live_server.url}/api/docs")
        page.get_by_text("Order an instance").wait_for()
        browser.close()
    assert troubles == []


def _ours(request, live_server):
    return request.url.startswith((live_server.url, "data:", "blob:"))
