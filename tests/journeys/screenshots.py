"""`make screenshots`: every page, state and e-mail, in both languages, on a desk and on a phone, light and dark."""

import os
from pathlib import Path

import pytest
from django.core.cache import caches

from tests.journeys import letters, states

FOLDER = Path(os.environ.get("SCREENSHOTS", "var/screenshots"))
SHAPES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
STYLE_TAG = "document.querySelectorAll('style').forEach((each) => each.remove())"


@pytest.fixture
def cameras(visitor):
    """A page for each shape and scheme."""

    def arrive(language):
        return {
            f"{shape}-{scheme}": visitor(viewport=size, color_scheme=scheme, locale=language, reduced_motion="reduce")
            for shape, size in SHAPES.items()
            for scheme in ("light", "dark")
        }

    return arrive


def take(page, *words):
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(FOLDER / f"{'-'.join(words)}.png"), full_page=True)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_has_its_picture(site, storage, cameras, language):
    with states.foreign_site(site, language) as foreign:
        staged = list(states.pages(site, foreign, language))
        for camera, page in cameras(language).items():
            for state in staged:
                for cache in caches.all():
                    cache.clear()
                page.goto(state.address)
                state.reach(page)
                take(page, state.name, language, camera)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_mail_has_its_picture(site, cameras, language):
    written = list(letters.letters(language))
    for camera, page in cameras(language).items():
        for name, html, text in written:
            page.set_content(html)
            take(page, "mail", name, language, camera)
            page.evaluate(STYLE_TAG)
            take(page, "mail", name, language, camera, "without-style")
            (FOLDER / f"mail-{name}-{language}.txt").write_text(text, encoding="utf-8")
