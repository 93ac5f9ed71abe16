"""The terms of a live campaign change: the company proposes, staff decide, investors answer."""

import re

import pytest
from playwright.sync_api import expect

from . import checks

SLUG, TITLE = "roasted-where-it-grows", "Roasted where it grows"
OWNER, STAFF = "fikirte@demo.example", "dawit@demo.example"
ASK = f"The terms of {TITLE} have changed"
# An investor of the campaign for each language, and the words of the two buttons.
LANGUAGES = {
    "am": ("bereket@demo.example", "ኢንቨስትመንቴ ይቆይ", "ገንዘቤ ይመለስልኝ"),
    "hi": ("elias@demo.example", "मेरा निवेश बनाए रखें", "मेरी राशि वापस लें"),
}


def _raised_minor(world):
    return world.rows("SELECT settled_minor FROM campaign WHERE slug = ?", SLUG)[0][0]


def _open_question(page):
    """Go from the portfolio to the page that asks about the changed terms."""
    page.goto("/portfolio")
    page.get_by_role("link", name="Read what has changed").first.click()


def test_a_company_proposes_a_change_and_staff_make_it_material(world):
    owner = world.person(OWNER)
    owner.goto("/my/company")
    owner.get_by_role("link", name=TITLE, exact=True).click()
    owner.get_by_role("link", name="Changes of the terms").click()
    world.look(owner, f"Changes of the terms: {TITLE}", "none")
    owner.get_by_role("link", name="Propose a change").click()
    world.look(owner, "Propose a change of the terms")
    story = owner.get_by_label("Story")
    text = story.input_value()
    owner.get_by_role("button", name="Save and see the difference").click()
    expect(owner.get_by_role("alert")).to_contain_text("Say why you change the terms")
    world.look(owner, "Propose a change of the terms", "with an error")
    story.fill(text.replace("A 60 kg roaster", "A used 30 kg roaster"))
    owner.get_by_label("Why do you change the terms?").fill("The large roaster is sold out.")
    owner.get_by_role("button", name="Save and see the difference").click()
    expect(owner.locator("ins")).to_contain_text(["added", "used 30"])
    world.look(owner, "Proposed change of the terms", "draft")
    owner.get_by_role("button", name="Submit for review").click()
    world.look(owner, "Proposed change of the terms", "submitted")

    officer = world.person(STAFF)
    officer.goto("/staff/approvals")
    officer.get_by_role("link", name=re.compile("^Changes of terms that wait")).click()
    world.look(officer, "Changes of terms")
    officer.get_by_role("link", name=TITLE).click()
    world.look(officer, f"Change of terms: {TITLE}")
    officer.locator("summary", has_text="Material: ask the investors").click()
    officer.get_by_role("button", name="Publish and ask the investors").click()
    expect(officer.get_by_role("heading", name="Answers")).to_be_visible()
    world.look(officer, f"Change of terms: {TITLE}", "decided")

    visitor = world.visitor(viewport=checks.PHONE)
    visitor.goto(f"/campaigns/{SLUG}")
    visitor.get_by_role("link", name="See what has changed").click()
    world.look(visitor, "Version 2 of the terms", "phone")
    visitor.get_by_role("link", name="All versions").click()
    world.look(visitor, f"Versions of the terms: {TITLE}", "phone")
    visitor.get_by_role("link", name="Version 1", exact=True).click()
    world.look(visitor, "Version 1 of the terms", "phone")


def test_an_investor_keeps_the_investment(world):
    person = world.person("meron@demo.example")
    raised = _raised_minor(world)
    _open_question(person)
    world.look(person, ASK)
    expect(person.locator("ins").first).to_be_visible()
    person.get_by_role("button", name="Keep my investment").click()
    expect(person.get_by_text("You keep your investment on the new terms.")).to_be_visible()
    world.look(person, f"Your investment in {TITLE}", "kept")
    assert _raised_minor(world) == raised
    mails = [mail["text"] for mail in world.mails("meron@demo.example")]
    assert any("Then keep your investment, or take your money back." in text for text in mails)
    assert any("/new-terms" in text for text in mails)
    owner = world.person(OWNER)
    owner.goto("/my/company")
    owner.get_by_role("link", name=TITLE, exact=True).click()
    owner.get_by_role("link", name="Changes of the terms").click()
    owner.get_by_role("link", name="Version 2").click()
    world.look(owner, "Version 2 of the terms", "answers")
    expect(owner.get_by_role("row", name=re.compile("^Kept"))).to_contain_text("22,000.00")


def test_an_investor_takes_the_money_back_on_a_phone_without_script(world):
    person = world.person("nahom@demo.example", java_script_enabled=False, viewport=checks.PHONE)
    raised = _raised_minor(world)
    _open_question(person)
    expect(person.get_by_role("heading", level=1)).to_have_text(ASK)
    expect(person.locator("del").first).to_be_visible()
    person.get_by_role("button", name="Take my money back").click()
    expect(person.get_by_text("Your investment is cancelled.")).to_be_visible()
    assert _raised_minor(world) == raised - 30_000_00
    person.goto("/wallet")
    expect(person.get_by_text("30,000.00 ETB").first).to_be_visible()


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_question_has_no_barrier_in_other_languages(world, language):
    email, keep, back = LANGUAGES[language]
    person = world.person(email)
    _open_question(person)
    path = person.url
    person.locator(f'.cf-languages button[value="{language}"]').click()
    expect(person.locator(f'html[lang="{language}"]')).to_be_attached()
    try:
        person.goto(path)
        heading = person.get_by_role("heading", level=1).text_content()
        expect(person.get_by_role("button", name=keep)).to_be_visible()
        expect(person.get_by_role("button", name=back)).to_be_visible()
        world.look(person, str(heading), language)
        person.goto(f"/campaigns/{SLUG}/terms/2")
        heading = person.get_by_role("heading", level=1).text_content()
        world.look(person, str(heading), f"version, {language}")
    finally:
        person.locator('.cf-languages button[value="en"]').click()
        expect(person.locator('html[lang="en"]')).to_be_attached()
