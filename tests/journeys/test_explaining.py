"""From an amount on a page to its rule, its postings, the bank's messages and the transaction."""

import re

import pytest
from playwright.sync_api import expect

from . import checks

SLUG = "sunlight-for-3-000-homes"
ENDED = "hand-woven-cotton-for-europe"
ADDS_UP = "The lines below add up to exactly this amount"


def amount_of(link):
    """Return the amount that a link shows, which its name begins with."""
    text = link.inner_text()
    assert link.get_attribute("aria-label").startswith(text)
    return text


def look(world, page, shown, state):
    """Check a page as `world.look` does, without the header of every page.

    On a machine without a font for Devanagari its boxes are wider than 320 px.
    """
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(shown)))
    found = checks.problems(page, state)
    world.complaints += [line for line in found if "cf-tools" not in line]


@pytest.mark.parametrize("language", ["en", "am", "hi"])
def test_everybody_can_see_what_a_campaign_has_raised_line_by_line(world, language):
    visitor = world.visitor()
    cookie = {"name": "language", "value": language, "url": world.stack.url("web")}
    visitor.context.add_cookies([cookie])
    for slug in (SLUG, ENDED):
        visitor.goto(f"/campaigns/{slug}")
        link = visitor.locator(".cf-progress a.cf-why")
        shown = amount_of(link)
        link.click()
        expect(visitor.locator("html")).to_have_attribute("lang", language)
        look(world, visitor, shown, f"{slug} {language}")
        explanation = visitor.locator("#explanation")
        number, total = (explanation.get_attribute(f"data-{one}") for one in ("number", "sum"))
        assert number == total
        visitor.locator("#explanation summary").last.click()
        expect(visitor.locator(".cf-origins code").last).to_be_visible()
        look(world, visitor, shown, f"{slug} {language} with details")


def test_a_person_follows_the_balance_of_the_wallet_without_script_on_a_phone(world):
    hanna = world.person("hanna@demo.example", java_script_enabled=False, viewport=checks.PHONE)
    hanna.goto("/wallet")
    link = hanna.get_by_role("link", name=re.compile("^[0-9].*, explain this amount$")).first
    shown = amount_of(link)
    link.click()
    expect(hanna.get_by_role("heading", level=1)).to_have_text(f"Balance of the wallet: {shown}")
    expect(hanna.get_by_text(ADDS_UP)).to_be_visible()
    expect(hanna.get_by_text(f"Sum of all lines: {shown}")).to_be_visible()
    hanna.get_by_role("link", name=re.compile("every investor is refunded")).first.click()
    expect(hanna.get_by_role("heading", level=1)).to_be_visible()
    hanna.go_back()
    hanna.get_by_role("link", name=re.compile(r"^\+.*, explain this amount$")).first.click()
    expect(hanna.get_by_role("heading", level=1)).to_have_text(re.compile("^Amount of the posting"))
    hanna.locator("summary", has_text="Steps and technical details").click()
    expect(hanna.get_by_text("Link in the hash chain")).to_be_visible()


def test_a_regulator_traces_an_amount_to_its_postings_its_webhook_and_its_transaction(world):
    yonas = world.person("yonas@demo.example")
    yonas.goto("/staff/campaigns?status=live")
    yonas.get_by_role("row", name=re.compile("Sunlight")).locator("a.cf-why").click()
    world.look(yonas, re.compile("^Raised: "), "for staff")
    # The newest investment may have come from a browser wallet: then no bank has a part in it.
    traced = yonas.locator("details", has_text="Payment through NEO Bank").first
    traced.locator("summary").click()
    steps = traced.locator("ol").first
    expect(steps.get_by_text("Block:").first).to_be_visible()
    for step, heading in (
        (
            re.compile(r"^Entry \d+ of the journal: Payment settled"),
            r"^Entry \d+: Payment settled$",
        ),
        (re.compile("^Payment through NEO Bank"), "^Investment in "),
        (re.compile("^Signed message of the bank, confirmed"), "^Webhook$"),
        (re.compile("^Recorded on chain"), r"^recordInvestment"),
    ):
        steps.get_by_role("link", name=step).first.click()
        expect(yonas.get_by_role("heading", level=1)).to_have_text(re.compile(heading))
        yonas.go_back()
        if not steps.is_visible():
            traced.locator("summary").click()
