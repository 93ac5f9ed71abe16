"""A failed campaign: the refund goes back to the account that paid, with one click."""

import re

import pytest
from playwright.sync_api import expect

from . import checks
from .world import invest, pay_at_bank

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
FAILED = "Hand-woven cotton for Europe"
RETURNED = """
    SELECT o.status, o.source_tx = r.tx_id FROM payout o
    JOIN refund r ON r.id = o.refund_id JOIN person u ON u.id = o.user_id WHERE u.email = ?
"""
# who, the heading of the pages of a refund, and what the page says at the end
LANGUAGES = {
    "en": (
        "samuel@demo.example",
        "Your refund",
        "The bank has sent the money back to the account that paid.",
    ),
    "am": ("ruth@demo.example", "ተመላሽዎ", "ባንኩ ገንዘቡን ወደ ከፈለው ሂሳብ መልሷል።"),
    "hi": (
        "kaleb@demo.example",
        "आपका रिफ़ंड",
        "बैंक ने राशि भुगतान करने वाले खाते में वापस भेज दी है।",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_investor_of_a_failed_campaign_gets_the_money_back_where_it_came_from(world, language):
    email, heading, done = LANGUAGES[language]
    person = world.person(email)
    person.goto("/notifications")
    notice = re.compile(f"Your money from {FAILED} is back")
    person.get_by_role("button", name=notice).first.click()
    expect(person.get_by_role("heading", level=1)).to_have_text("Refunds")
    person.locator(f'.cf-languages button[value="{language}"]').click()
    try:
        expect(person.locator("html")).to_have_attribute("lang", language)
        person.locator("#refunds tbody a").first.click()
        world.look(person, heading, f"to choose, {language}")
        person.locator('main form[action$="/back"] button').click()
        person.wait_for_url("**/wallet/withdrawals/*")
        expect(person.get_by_text(done)).to_be_visible(timeout=30_000)  # the page follows by itself
        world.look(person, heading, f"sent back, {language}")
        assert world.rows(RETURNED, email) == [("paid", 1)]
        person.goto("/wallet/refunds")
        world.look(person, re.compile("."), f"refunds, {language}")
    finally:
        person.locator('.cf-languages button[value="en"]').click()


def test_a_refund_goes_back_on_a_phone_without_script(world):
    email = "yared@demo.example"
    person = world.person(email, java_script_enabled=False, viewport=checks.PHONE)
    query = "SELECT count(*) FROM refund r JOIN person u ON u.id = r.user_id WHERE u.email = ?"
    before = world.rows(query, email)[0][0]
    path = invest(person, SLUG, "600")
    pay_at_bank(person)
    expect(person.get_by_text("You can cancel this investment until")).to_be_visible(timeout=30_000)
    person.goto(f"{path}/cancel-paid")
    person.get_by_role("button", name="Cancel the investment").click()
    world.wait(lambda: world.rows(query, email)[0][0] > before, "the refund")
    person.goto("/wallet")
    expect(person.get_by_text(f"Your refund from {TITLE}").first).to_be_visible()
    person.get_by_role("button", name=re.compile("^Send it back")).first.click()
    expect(person.get_by_role("heading", level=1)).to_have_text("Your refund")
    expect(
        person.get_by_text("The bank has sent the money back to the account that paid.")
    ).to_be_visible(timeout=30_000)  # the page asks again by itself
    assert ("paid", 1) in world.rows(RETURNED, email)
