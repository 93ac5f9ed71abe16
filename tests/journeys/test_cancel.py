"""An investor cancels a paid investment in the browser, with JavaScript and without."""

import re

from playwright.sync_api import expect

from . import checks
from .world import DONE, invest, pay_at_bank

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
HEADING, QUESTION = f"Your investment in {TITLE}", f"Cancel your investment in {TITLE}"


def _raised_minor(world):
    return world.rows("SELECT settled_minor FROM campaign WHERE slug = ?", SLUG)[0][0]


def test_an_investor_cancels_what_was_recorded_and_the_contract_follows(world):
    person = world.person("tigist@demo.example")
    person.goto(f"/campaigns/{SLUG}/invest")
    expect(person.get_by_text("After you pay you can cancel until")).to_be_visible()
    path = invest(person, SLUG, "700")
    pay_at_bank(person)
    expect(person.get_by_text(DONE)).to_be_visible(timeout=30_000)
    raised = _raised_minor(world)
    world.look(person, HEADING, "can be cancelled")
    person.get_by_role("link", name="Cancel this investment").click()
    world.look(person, QUESTION)
    person.get_by_role("button", name="Cancel the investment").click()
    expect(person.get_by_text("Your investment is cancelled.")).to_be_visible()
    expect(person.get_by_text(re.compile("^You cancelled this investment"))).to_be_visible()
    world.look(person, HEADING, "cancelled")
    assert _raised_minor(world) == raised - 700_00
    investment_id = path.rsplit("/", 1)[1]
    query = "SELECT cancel_tx FROM investment WHERE id = ?"
    world.wait(lambda: world.rows(query, investment_id)[0][0], "the contract", patience_s=30)
    person.reload()
    expect(person.get_by_text("Transaction that cancelled it")).to_be_visible()
    person.goto("/wallet")
    expect(person.get_by_text("700.00 ETB").first).to_be_visible()
    assert "in your wallet" in world.mails("tigist@demo.example")[0]["text"]
    _invest_from_the_wallet(world, person)


def _invest_from_the_wallet(world, person):
    """What came back pays for another investment at once, without the bank."""
    raised = _raised_minor(world)
    person.goto(f"/campaigns/{SLUG}/invest")
    person.get_by_role("textbox", name="Amount").fill("600")
    person.get_by_role("radio", name=re.compile("Your wallet")).check()
    world.look(person, "Invest", "from the wallet")
    person.get_by_label("I have read and understood").check()
    person.get_by_role("button", name="Go to payment").click()
    expect(person.get_by_text(DONE)).to_be_visible(timeout=30_000)
    steps = person.get_by_role("list", name="Progress of your investment")
    expect(steps).to_contain_text("Paid from your wallet")
    world.look(person, HEADING, "paid from the wallet")
    assert _raised_minor(world) == raised + 600_00


def test_a_paid_investment_is_cancelled_on_a_phone_without_script(world):
    person = world.person("yared@demo.example", java_script_enabled=False, viewport=checks.PHONE)
    path = invest(person, SLUG, "600")
    pay_at_bank(person)
    page = person.get_by_text("You can cancel this investment until")
    expect(page).to_be_visible(timeout=30_000)
    person.get_by_role("link", name="Cancel this investment").click()
    expect(person.get_by_role("heading", name=QUESTION)).to_be_visible()
    person.get_by_role("link", name="Keep the investment").click()
    expect(person.get_by_role("heading", name=HEADING)).to_be_visible()
    person.goto(f"{path}/cancel-paid")
    person.get_by_role("button", name="Cancel the investment").click()
    expect(person.get_by_role("heading", name=HEADING)).to_be_visible()
    expect(person.get_by_text("You can cancel this investment until")).to_be_hidden()
