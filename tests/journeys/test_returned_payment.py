"""Finance returns a payment that was too much: the bank refuses it at first, then it is paid."""

import re

import pytest
from playwright.sync_api import expect

from . import checks
from .world import invest

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
RETURNS = "SELECT status FROM payout WHERE exception_id = ? ORDER BY id"


@pytest.fixture
def paid_too_much(world):
    """Kaleb has paid 1,100 for 1,000; return his page and the exception's id."""
    email = "kaleb@demo.example"
    person = world.person(email)
    invest(person, SLUG, "1000")
    expect(person.get_by_role("link", name=re.compile("^Pay 1,000.00 ETB"))).to_be_visible()
    payment_id = world.investments_of(email)[-1][1]
    tx_id = world.rows("SELECT tx_id FROM payment WHERE id = ?", payment_id)[0][0]
    world.control("pay", tx_ids=[tx_id], amount="1100.00")
    query = "SELECT id FROM payment_exception WHERE payment_id = ?"
    world.wait(lambda: bool(world.rows(query, payment_id)), "the exception")
    return person, world.rows(query, payment_id)[0][0]


def test_a_payment_goes_back_and_a_failure_is_decided_again(world, paid_too_much):
    person, exception_id = paid_too_much
    finance = world.person("sara@demo.example", viewport=checks.PHONE)
    page = f"/staff/exceptions/{exception_id}"
    world.control("settings", payouts="refuse")
    try:
        finance.goto(page)
        decide(world, finance)
        world.wait(lambda: world.rows(RETURNS, exception_id) == [("failed",)], "the failure")
        expect(person.get_by_text("could not send 1,100.00 ETB back")).to_be_visible()
        finance.goto(page)
        failed = finance.get_by_text("The bank could not send the money back", exact=True)
        expect(failed).to_be_visible()
        world.look(finance, "Too much received", "could not be returned")
    finally:
        world.control("settings", payouts="pay")
    decide(world, finance)
    finance.get_by_role("link", name="See the return").click()
    expect(finance.get_by_text("Paid", exact=True).first).to_be_visible(timeout=30_000)
    world.look(finance, "Payment sent back", "paid")
    finance.get_by_role("link", name="See the decision about this payment").click()
    expect(finance.get_by_text("The bank has sent the money back on")).to_be_visible()
    world.look(finance, "Too much received", "returned")
    expect(person.get_by_text("We returned 1,100.00 ETB to your bank on")).to_be_visible()
    world.look(person, f"Your investment in {TITLE}", "returned")
    assert world.rows(RETURNS, exception_id) == [("failed",), ("paid",)]


def decide(world, finance):
    """Choose and confirm to return the money."""
    finance.get_by_role("radio", name="Return to the payer").check()
    finance.get_by_role("button", name="Continue").click()
    world.look(finance, "Return the money to the payer?", "to confirm")
    finance.get_by_role("button", name="Return to the payer").click()
    expect(finance.get_by_text("Your decision has been carried out")).to_be_visible()
