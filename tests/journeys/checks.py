"""What must hold for every page: no barrier that axe finds, nothing cut off,
nothing beyond the edge."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FAST = {"resultTypes": ["violations"], "preload": False, "iframes": False, "selectors": False}
RULES = {"runOnly": {"type": "tag", "values": TAGS}, **FAST}
# The dark scheme changes colours and the name of the theme's button (tests/look); the rest is the
# page that was just checked in light.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, **FAST}
LOOK = """async (options) => {
  const late = new Promise((done) => setTimeout(() => done(null), 20000));
  return Promise.race([axe.run(document, options).then((found) => found.violations), late]);
}"""
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}


def problems(page: Page, name: str) -> list[str]:
    """Return what is wrong with the page as it stands: light and dark, wide and narrow.

    The page is not loaded again; it is back to light and wide afterwards.
    """
    found = []
    for size, scheme in ((DESK, "light"), (DESK, "dark"), (PHONE, "dark"), (PHONE, "light")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        rules = COLOURS if scheme == "dark" else RULES
        found += [f"{name} {size['width']} {scheme}: {line}" for line in _axe_lines(page, rules)]
    page.set_viewport_size(NARROW)
    found += [f"{name}: {line}" for line in _too_wide(page) + _cut_off(page)]
    page.set_viewport_size(DESK)
    return found


def _axe_lines(page: Page, rules: dict) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    violations = page.evaluate(LOOK, rules)
    if violations is None:  # a swap in the middle of it: axe then waits for ever
        page.evaluate(AXE)
        violations = page.evaluate(LOOK, rules)
    if violations is None:
        return ["axe did not come to an end"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in violations
        for node in rule["nodes"]
    ]


def _too_wide(page: Page) -> list[str]:
    """Return the elements that make a page of 320 px scroll sideways."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        ['scrolls sideways: ' + [...document.querySelectorAll('main *, header *, footer *')]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
          .filter((one) => !one.closest('.cf-table-frame, pre'))
          .slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(' | ')]"""
    )


def _cut_off(page: Page) -> list[str]:
    """Return what is hidden beyond the edge of a table that should have become a list."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.cf-table-frame:has(td[data-label])')]
        .filter((frame) => frame.scrollWidth > frame.clientWidth + 1)
        .map((frame) => 'cut off in ' + frame.getAttribute('aria-label'))"""
    )


def in_view(page: Page, selector: str) -> bool:
    """Return whether an element is wholly inside the window, without scrolling."""
    return page.locator(selector).evaluate_all(
        """(all) => all.some((one) => { const box = one.getBoundingClientRect();
        return box.width > 0 && box.top >= 0
            && box.bottom <= innerHeight && box.right <= innerWidth; })"""
    )
