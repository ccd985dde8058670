"""Every page and state, for those who do not see well, do not use a mouse, or read on a small screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import caches

from tests.journeys import states

pytestmark = pytest.mark.any_store("HTML, styles and scripts are looked at; test_every_address asks each page on both")

# 1280 pixels at 400 %: WCAG 1.4.10
REFLOW = {"width": 320, "height": 256}


@pytest.fixture
def staged(site, storage):
    with states.foreign_site(site, "fr") as foreign:
        yield list(states.pages(site, foreign, "fr"))


def walk(page, staged):
    for state in staged:
        for cache in caches.all():
            cache.clear()
        page.goto(state.address)
        state.reach(page)
        yield state.name


# axe leaves what WCAG 2.2 added, the size of targets, to those who ask for it; in the dark only colours are others
RULES = {
    "light": {"rules": {"target-size": {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}


def violations(page, options):
    found = Axe().run(page, options=options).response["violations"]
    return [(violation["id"], violation["nodes"][0]["html"][:120]) for violation in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_anywhere(staged, visitor, scheme):
    page = visitor(color_scheme=scheme, reduced_motion="reduce")
    found = {name: violations(page, RULES[scheme]) for name in walk(page, staged)}
    assert {name: each for name, each in found.items() if each} == {}
    assert len(found) == len(staged)


def test_no_page_holds_anything_that_its_own_policy_forbids(staged, visitor):
    page, complaints = visitor(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name in walk(page, staged):
        # that an answer is an error is what some of these pages are for
        assert [each for each in complaints if "Failed to load resource" not in each] == [], name


# what is cut or stands beyond the edge, apart from what is hidden on purpose
CUT = """[...document.querySelectorAll("main *")].filter((each) => {
  if (each.closest(".visually-hidden, .trap")) return false;
  const box = each.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1);
}).map((each) => each.outerHTML.slice(0, 80))"""


def test_at_400_percent_nothing_is_cut_and_nothing_scrolls_sideways(staged, visitor):
    page = visitor(viewport=REFLOW, reduced_motion="reduce")
    for name in walk(page, staged):
        assert page.evaluate("document.documentElement.scrollWidth") <= REFLOW["width"], name
        assert page.evaluate(CUT) == [], name


# where the focus is, inside the widget as well: what it is, and whether it can be seen
FOCUS = """() => {
  let here = document.activeElement;
  while (here.shadowRoot?.activeElement) here = here.shadowRoot.activeElement;
  const box = here.getBoundingClientRect();
  const seen = [here, here.closest("label")].some((each) => each && getComputedStyle(each).outlineStyle === "solid");
  // scrolling goes by whole pixels
  const whole = box.top > -1 && box.bottom < innerHeight + 1;
  const number = [...here.getRootNode().querySelectorAll("*")].indexOf(here);
  return [here.nodeName, here.outerHTML.slice(0, 80), seen && whole, number];
}"""
REACHABLE = """() => {
  const root = document.querySelector("[data-eazynova]")?.shadowRoot ?? document;
  const groups = new Set();
  const controls = "a[href], button, select, input:not([type=hidden], [tabindex='-1'])";
  return [...root.querySelectorAll(controls)].filter((each) => {
    if (!each.checkVisibility() || each.disabled) return false;
    const again = each.type === "radio" && groups.has(each.name);
    if (each.type === "radio") groups.add(each.name);
    return !again;
  }).length;
}"""


def test_every_control_is_reached_by_tab_and_shows_that_it_is(staged, visitor):
    page = visitor(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    for name in walk(page, staged):
        page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
        reached = set()
        for _press in range(2 * page.evaluate(REACHABLE) + 2):
            page.keyboard.press("Tab")
            kind, markup, visible, number = page.evaluate(FOCUS)
            if kind not in ("BODY", "HTML"):
                assert visible, (name, markup)
                reached.add((number, markup))
        assert len(reached) >= page.evaluate(REACHABLE), (name, reached)


def test_the_password_is_shown_and_copied_by_keyboard_alone(staged, visitor):
    page = visitor(permissions=["clipboard-read", "clipboard-write"])
    page.goto(next(state.address for state in staged if state.name == "progress-ready"))
    page.focus("[data-reveal] [type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#password:visible")
    assert page.evaluate("document.activeElement.dataset.copy") == "password"
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('news').textContent")
    assert page.evaluate("navigator.clipboard.readText()") == page.inner_text("#password")
