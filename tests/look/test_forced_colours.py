"""Under forced colours (high contrast) people see what is ticked, chosen and how far a bar is."""

import io

import pytest
from PIL import Image

pytestmark = pytest.mark.browser

PARTS = """
<label class="form-check"><input id="off" type="checkbox" class="form-check-input"></label>
<label class="form-check"><input id="on" type="checkbox" class="form-check-input" checked></label>
<label class="form-check"><input id="no" type="radio" class="form-check-input"></label>
<label class="form-check"><input id="yes" type="radio" class="form-check-input" checked></label>
<p><progress id="none" value="0" max="100"></progress></p>
<p><progress id="half" value="50" max="100"></progress></p>
"""


@pytest.fixture(params=["light", "dark"])
def forced(request, site, browser):
    context = browser.new_context(forced_colors="active", color_scheme=request.param)
    page = context.new_page()
    page.goto(site.url)
    page.evaluate("html => { document.querySelector('main').innerHTML = html }", PARTS)
    yield page
    context.close()


def pixels(page, name):
    picture = Image.open(io.BytesIO(page.locator(f"#{name}").screenshot())).convert("RGB")
    return list(picture.getdata()), picture.size


@pytest.mark.parametrize(("empty", "full"), [("off", "on"), ("no", "yes"), ("none", "half")])
def test_what_is_ticked_or_full_looks_unlike_what_is_not(forced, empty, full):
    (one, size), (two, _) = pixels(forced, empty), pixels(forced, full)
    differing = sum(a != b for a, b in zip(one, two, strict=True))
    assert differing > size[0] * size[1] / 20


def test_a_bar_of_a_half_ends_in_the_middle(forced):
    colours, (width, height) = pixels(forced, "half")
    middle = colours[width * (height // 2) : width * (height // 2 + 1)]
    assert middle[width // 4] != middle[3 * width // 4]
    assert middle[10] == middle[width // 2 - 10]
