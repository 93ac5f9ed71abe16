"""FAQ, gallery and people of a campaign, and the limits that staff change, in every language."""

import datetime
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import raising as made

from . import checks, raising

DESK = {"width": 1440, "height": 900}
SHOTS = os.environ.get("CONTENT_SHOTS", "")
SLUG = "sunlight-for-3-000-homes"


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def picture(size=(1280, 960), kind="JPEG"):
    """Return a picture to upload, as a form takes it."""
    return {"name": "tree.jpg", "mimeType": "image/jpeg", "buffer": made.picture(size, kind)}


def problems(page, name):
    """Return what is wrong with a page as wide as a desk and as a phone."""
    found = []
    for size in (DESK, checks.PHONE):
        page.set_viewport_size(size)
        lines = [*checks._axe_lines(page, checks.RULES), *checks._too_wide(page)]
        found += [f"{name} {size['width']}: {line}" for line in lines]
    page.set_viewport_size(DESK)
    return found


def speaking(world, language, **choices):
    """Return a page of a visitor who reads a language."""
    page = world.visitor(**choices)
    cookie = {"name": "language", "value": language, "url": world.stack.url("web")}
    page.context.add_cookies([cookie])
    return page


def test_an_issuer_fills_the_page_without_script_and_a_visitor_reads_it(world):
    """From an empty draft to the live page; the issuer's pages are checked with a script beside."""
    email, name, title = "kebede@baskets.example", "Harar Baskets", "Baskets for every market"
    issuer = world.visitor(java_script_enabled=False)
    world.sign_in(issuer, email)
    raising.register(issuer)
    issuer.get_by_role("link", name="Company details").click()
    raising.fill_company(issuer, name)
    raising.fill_contacts(issuer, email)
    raising.fill_officers(issuer)
    raising.fill_bank(issuer)
    raising.fill_wallet(issuer)
    raising.upload_documents(issuer)
    raising.submit_company(issuer)
    raising.approve(world.person("dawit@demo.example"), name)
    _ask_again_until(issuer, "Your company is verified and registered")
    issuer.get_by_role("link", name="Go to your campaigns").click()
    issuer.get_by_role("button", name="Start a campaign").click()
    issuer.get_by_role("link", name="Title and summary").click()
    raising.fill_basics(issuer, title)
    raising.fill_picture(issuer)
    raising.fill_story(issuer)
    raising.fill_terms(issuer)
    beside = world.visitor(storage_state=issuer.context.storage_state())

    _fill_gallery(issuer, world, beside)
    _fill_people(issuer, world, beside)
    _fill_questions(issuer, world, beside)

    raising.submit_campaign(issuer)
    raising.approve(world.person("almaz@demo.example"), title)
    _ask_again_until(issuer, "See the public page")
    issuer.get_by_role("link", name="See the public page").click()
    public = issuer.url
    _read(world, public, title)

    # While it is live: an addition with its date, a change with the earlier text.
    issuer.go_back()
    issuer.get_by_role("link", name="Frequently asked questions").click()
    issuer.get_by_role("link", name="Change When will you export?").click()
    issuer.get_by_label("Answer").fill("From 2029 on.")
    issuer.get_by_role("button", name="Save").click()
    visitor = world.visitor(java_script_enabled=False, viewport=checks.PHONE)
    visitor.goto(public)
    visitor.locator("summary", has_text="When will you export?").click()
    expect(visitor.get_by_text("From 2029 on.")).to_be_visible()
    expect(visitor.get_by_text("From 2027 on.")).to_be_hidden()
    visitor.locator("summary", has_text="earlier text").click()
    expect(visitor.get_by_text("From 2027 on.")).to_be_visible()
    shoot(visitor, "public-changed-phone")


def _fill_gallery(issuer, world, beside):
    issuer.get_by_role("link", name="Gallery").click()
    issuer.get_by_label("Picture", exact=True).set_input_files(picture((100, 100)))
    issuer.get_by_label("What does the picture show?").fill("A woman weaves a basket.")
    issuer.get_by_role("button", name="Add", exact=True).click()
    expect(issuer.get_by_role("alert")).to_contain_text("at least 320 × 240 pixels")
    expect(issuer.get_by_label("What does the picture show?")).to_have_value(
        "A woman weaves a basket."
    )
    for size, words in (((1280, 960), "A woman weaves a basket."), ((960, 1280), "Dried grass.")):
        issuer.get_by_label("Picture", exact=True).set_input_files(picture(size))
        issuer.get_by_label("What does the picture show?").fill(words)
        issuer.get_by_role("button", name="Add", exact=True).click()
        expect(issuer.get_by_role("img", name=words)).to_be_attached()
    issuer.get_by_role("button", name="Move up Dried grass.").click()
    first = issuer.locator("#gallery li").first
    expect(first).to_contain_text("Dried grass.")
    beside.goto(issuer.url)
    world.look(beside, "Gallery", "of a draft")
    shoot(beside, "gallery")
    issuer.get_by_role("link", name="Back to the campaign").click()


def _fill_people(issuer, world, beside):
    issuer.get_by_role("link", name="People behind the company").click()
    issuer.get_by_role("link", name="Add a person").click()
    issuer.get_by_label("Name", exact=True).fill("Fatuma Ahmed")
    issuer.get_by_label("Role", exact=True).fill("Founder")
    issuer.get_by_label("About this person").fill("Has woven baskets since she was six.")
    issuer.get_by_label("Picture (optional)", exact=True).set_input_files(picture((400, 400)))
    issuer.get_by_role("button", name="Save").click()
    expect(issuer.get_by_role("alert")).to_contain_text("has agreed to be shown")
    issuer.get_by_label("This person has agreed").check()
    issuer.get_by_label("Picture (optional)", exact=True).set_input_files(picture((400, 400)))
    beside.goto(issuer.url)
    world.look(beside, "Add a person")
    shoot(beside, "person")
    issuer.get_by_role("button", name="Save").click()
    expect(issuer.get_by_role("heading", name="Fatuma Ahmed")).to_be_visible()
    beside.goto(issuer.url)
    world.look(beside, "People behind the company", "with one")
    shoot(beside, "people")
    issuer.get_by_role("link", name="Back to the campaign").click()


def _fill_questions(issuer, world, beside):
    issuer.get_by_role("link", name="Frequently asked questions").click()
    beside.goto(issuer.url)
    world.look(beside, "Frequently asked questions", "none yet")
    for question, answer in (
        ("How many weavers are there?", "Forty."),
        ("When will you export?", "From 2027 on."),
    ):
        issuer.get_by_role("link", name="Add a question").click()
        issuer.get_by_label("Question").fill(question)
        issuer.get_by_role("button", name="Save").click()
        expect(issuer.get_by_role("alert")).to_contain_text("Enter the answer.")
        issuer.get_by_label("Answer").fill(answer)
        issuer.get_by_role("button", name="Save").click()
    issuer.get_by_role("button", name="Move up When will you export?").click()
    expect(issuer.get_by_role("article").first).to_contain_text("When will you export?")
    beside.goto(issuer.url)
    world.look(beside, "Frequently asked questions", "two")
    shoot(beside, "faq")
    issuer.get_by_role("link", name="Back to the campaign").click()


def _read(world, public, title):
    """The live page at both widths, the large picture by keyboard, with and without script."""
    visitor = world.visitor(viewport=DESK)
    visitor.goto(public)
    visitor.locator("summary", has_text="How many weavers are there?").click()
    world.look(visitor, title, "with a gallery")
    shoot(visitor, "public-desk")
    visitor.set_viewport_size(checks.PHONE)
    shoot(visitor, "public-phone")
    link = visitor.get_by_role("link", name="Dried grass. Larger view")
    link.focus()
    visitor.keyboard.press("Enter")
    world.look(visitor, "Picture 1 of 2")
    shoot(visitor, "picture")
    visitor.get_by_role("link", name="Next").click()
    expect(visitor.get_by_role("img", name="A woman weaves a basket.")).to_be_visible()
    visitor.get_by_role("link", name="Back to the campaign").click()
    expect(visitor.get_by_role("heading", name="The people behind it")).to_be_attached()
    plain = world.visitor(java_script_enabled=False, viewport=checks.PHONE)
    plain.goto(public)
    plain.locator("summary", has_text="How many weavers are there?").click()
    expect(plain.get_by_text("Forty.", exact=True)).to_be_visible()
    for picture_shown in plain.locator(".cf-gallery img").all():
        picture_shown.scroll_into_view_if_needed()
        expect(picture_shown).to_have_js_property("complete", True)


@pytest.mark.parametrize("language", ["am", "hi"])
def test_the_page_of_a_campaign_is_whole_in_every_language(world, language):
    visitor = speaking(world, language, viewport=DESK)
    visitor.goto(f"/campaigns/{SLUG}")
    expect(visitor.locator("html")).to_have_attribute("lang", language)
    for summary in visitor.locator("#faq ~ details.cf-group > summary").all():
        summary.click()
    world.complaints.extend(problems(visitor, f"public {language}"))
    shoot(visitor, f"public-{language}")
    visitor.locator(".cf-gallery a").first.click()
    expect(visitor.locator("figure img")).to_be_visible()
    world.complaints.extend(problems(visitor, f"picture {language}"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_two_members_of_staff_change_the_limits(world, script):
    """From a day so far ahead that no other journey meets it."""
    day = datetime.date.today() + datetime.timedelta(days=900 + script)
    options = {} if script else {"java_script_enabled": False}
    for email in ("almaz@demo.example", "sara@demo.example", "yonas@demo.example"):
        world.person(email)
    almaz = world.person("almaz@demo.example", **options)
    sara = world.person("sara@demo.example", **options)
    yonas = world.person("yonas@demo.example", **options)
    almaz.goto("/staff")
    almaz.get_by_role("link", name="Limits of campaigns", exact=True).click()
    almaz.get_by_role("link", name="Propose new limits").click()
    almaz.get_by_label("Shortest duration").fill("400")
    almaz.get_by_role("button", name="Send proposal").click()
    expect(almaz.get_by_role("alert")).to_contain_text("Enter the first day")
    _look(world, almaz, "Propose new limits", "refused", script)
    almaz.get_by_label("First day").fill(day.isoformat())
    almaz.get_by_label("Shortest duration").fill("20")
    almaz.get_by_label("Smallest goal").fill("2,000")
    almaz.get_by_label("Reason").fill("The board has decided so.")
    almaz.get_by_role("button", name="Send proposal").click()
    expect(almaz.get_by_role("button", name="Withdraw the request")).to_be_visible()
    expect(almaz.get_by_role("button", name="Approve and carry out")).to_have_count(0)
    heading = almaz.get_by_role("heading", level=1).inner_text()
    _look(world, almaz, heading, "own proposal", script)

    yonas.goto(almaz.url)
    expect(yonas.get_by_text("Waiting for a second person")).to_be_visible()
    expect(yonas.locator("main button")).to_have_count(0)

    sara.goto("/staff")
    sara.get_by_role("link", name="Limits of campaigns to approve").click()
    sara.get_by_role("row").filter(has_text="Pending").get_by_role("link").first.click()
    expect(sara.get_by_role("row", name="Smallest goal")).to_contain_text("2,000.00 ETB")
    sara.locator("summary", has_text="Approve").click()
    _look(world, sara, heading, "to decide", script)
    if script:
        shoot(sara, "limits-decide")
    sara.get_by_role("button", name="Approve and carry out").click()
    expect(sara.get_by_text("Approved, not in force yet")).to_be_visible()
    almaz.goto("/staff/limits")
    _look(world, almaz, "Limits of campaigns", "one ahead", script)
    if script:
        shoot(almaz, "limits")
        almaz.set_viewport_size(checks.PHONE)
        shoot(almaz, "limits-phone")


@pytest.mark.parametrize("language", ["am", "hi"])
def test_the_limits_read_well_in_every_language(world, language):
    world.person("sara@demo.example")
    sara = world.person("sara@demo.example", viewport=DESK)
    cookie = {"name": "language", "value": language, "url": world.stack.url("web")}
    sara.context.add_cookies([cookie])
    for path in ("/staff/limits", "/staff/limits/new"):
        sara.goto(path)
        world.complaints.extend(problems(sara, f"{path} {language}"))
        shoot(sara, f"limits-{path.rsplit('/', 1)[1]}-{language}")


def _look(world, page, heading, state, script):
    if script:
        world.look(page, heading, state)
    else:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def _ask_again_until(page, text):
    for _ in range(60):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text(text).first).to_be_visible()
