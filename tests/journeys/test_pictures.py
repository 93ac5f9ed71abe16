"""Pictures of a card in a real browser: shown and turned before they are sent, side by side."""

import io

from PIL import Image
from playwright.sync_api import expect

from . import verifying

EMAIL, NAME = "hirut@example.com", "Hirut Bekele Abera"


def side(colour):
    """Return one side of a card, taller than wide, marked in its upper left corner."""
    picture = Image.new("RGB", (300, 500), "white")
    picture.paste(colour, (0, 0, 100, 100))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return {"name": "1000012345", "mimeType": "image/png", "buffer": out.getvalue()}


def box(place):
    return place.evaluate("e => [e.width ?? e.naturalWidth, e.height ?? e.naturalHeight]")


def stored(image):
    """Return the size of a picture on the page once it is there."""
    image.scroll_into_view_if_needed()
    image.evaluate("e => e.decode()")
    return image.evaluate("e => [e.naturalWidth, e.naturalHeight]")


def test_both_sides_of_a_card_are_turned_by_keyboard_sent_and_reviewed_side_by_side(world):
    page = world.visitor()
    world.sign_in(page, EMAIL)
    page.goto("/account/verification/facts/about")
    verifying.about(page, NAME)
    verifying.address(page)
    verifying.identity(page, "EP 777 0001")

    _turned_before_it_is_sent(world, page)
    verifying.upload(page, side("blue"))
    expect(page.locator(".cf-pictures img")).to_have_count(2)
    assert [stored(one) for one in page.locator(".cf-pictures img").all()] == [
        [480, 288],
        [288, 480],
    ]
    for one in page.locator(".cf-pictures .cf-picture-frame").all():
        _is_inside(one.locator("img").bounding_box(), one.bounding_box())
    world.look(page, "Passport", "both sides")
    verifying.send(page)

    _reviewed_side_by_side(world)


def _turned_before_it_is_sent(world, page):
    preview = page.locator("[data-preview]")
    expect(preview).to_be_hidden()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    expect(preview).to_be_hidden()
    page.get_by_label("File", exact=True).set_input_files(side("red"))
    canvas, rotate = preview.locator("canvas"), preview.get_by_role("button", name="Rotate")
    expect(canvas).to_be_visible()
    assert box(canvas) == [288, 480]
    rotate.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("Turned by 90 degrees")
    assert box(canvas) == [480, 288]
    page.keyboard.press("Space")
    expect(page.locator("#status")).to_have_text("Turned by 180 degrees")
    for _quarter in range(3):
        page.keyboard.press("Enter")
    assert box(canvas) == [480, 288]
    # The red corner is on the right now: turned clockwise by a quarter.
    corner = "(e, x) => [...e.getContext('2d').getImageData(x, 20, 1, 1).data].slice(0, 3)"
    assert canvas.evaluate(corner, 460) == [255, 0, 0]
    world.look(page, "Passport", "preview")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Uploaded, not reviewed yet")).to_be_visible()


def _is_inside(picture, frame):
    """A picture of any shape, turned or not, is shown whole."""
    assert frame["x"] <= picture["x"]
    assert frame["y"] <= picture["y"]
    assert picture["x"] + picture["width"] <= frame["x"] + frame["width"]
    assert picture["y"] + picture["height"] <= frame["y"] + frame["height"]


def _reviewed_side_by_side(world):
    desk = world.person("dawit@demo.example")
    desk.goto("/staff/people?q=hirut")
    desk.get_by_role("link", name=NAME).click()
    card = desk.get_by_role("article", name="Passport")
    card.get_by_text("Show here").click()
    pictures = card.locator(".cf-pictures img")
    expect(pictures).to_have_count(2)
    assert [stored(one) for one in pictures.all()] == [[500, 300], [300, 500]]
    first, second = (one.bounding_box() for one in card.locator(".cf-picture-frame").all())
    assert first["y"] == second["y"]
    assert first["x"] + first["width"] <= second["x"]
    figure = card.locator("figure").first
    figure.get_by_role("button", name="Rotate").focus()
    for turned in ("90deg", "180deg", "270deg", "none"):
        desk.keyboard.press("Enter")
        shown = figure.locator("img").evaluate("e => getComputedStyle(e).rotate")
        assert shown == ("0deg" if turned == "none" and shown == "0deg" else turned)
    desk.keyboard.press("Enter")
    for one in card.locator(".cf-picture-frame").all():
        _is_inside(one.locator("img").bounding_box(), one.bounding_box())
    world.look(desk, NAME, "both sides")
