"""Whatever the bank does with its messages, the page tells the truth and money is booked once."""

import re

import pytest
from playwright.sync_api import expect

from .world import DONE, invest, pay_at_bank

SLUG, INVESTOR = "sunlight-for-3-000-homes", "meron@demo.example"


def _started(world):
    page = world.person(INVESTOR)
    invest(page, SLUG, "500")
    return page, world.investments_of(INVESTOR)[-1][1]


@pytest.mark.parametrize(
    "faults",
    [
        ["Repeat every event"],
        ["wrong order"],
        ["forged event"],
        ["Repeat every event", "wrong order", "forged event"],
    ],
    ids=["repeat", "reorder", "forge", "all at once"],
)
def test_repeated_reordered_and_forged_messages_book_once(world, faults):
    page, payment_id = _started(world)
    pay_at_bank(page, *faults)
    expect(page.get_by_text(DONE)).to_be_visible()
    assert len(world.postings_of(payment_id)) == 2


def test_a_forged_message_is_kept_as_evidence_and_moves_nothing(world):
    page, payment_id = _started(world)
    pay = page.get_by_role("link", name=re.compile("^Pay 500.00 ETB"))
    expect(pay).to_be_visible()  # the bank has answered: the payment has its number
    tx_id = world.rows("SELECT tx_id FROM payment WHERE id = ?", payment_id)[0][0]
    before = _refused(world)
    world.control("emit", events=[{"tx_id": tx_id, "status": "SETTLED", "key": 0}])
    world.wait(lambda: _refused(world) > before, "the refused webhook")
    expect(pay).to_be_visible()
    assert world.postings_of(payment_id) == []
    finance = world.person("sara@demo.example")
    finance.goto("/staff/webhooks?state=refused")
    expect(finance.locator("tbody tr").first).to_contain_text("Refused")
    world.look(finance, "Webhooks", "refused")


def test_a_delayed_message_shows_the_waiting_and_then_the_end(world):
    page, payment_id = _started(world)
    pay_at_bank(page, delay_s=3)
    expect(page.locator("[aria-current=step]")).to_contain_text("Paid at NEO Bank")
    expect(page.get_by_text(DONE)).to_be_visible()
    assert len(world.postings_of(payment_id)) == 2


def test_a_failed_payment_says_so_and_offers_another_try(world):
    page, payment_id = _started(world)
    pay_at_bank(page, button="Fail the payment")
    expect(page.get_by_text("Payment not completed")).to_be_visible()
    expect(page.get_by_text("Nothing was charged; you can try again.")).to_be_visible()
    world.look(page, "Your investment in Sunlight for 3,000 homes", "failed")
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("textbox", name="Amount")).to_be_visible()
    assert world.postings_of(payment_id) == []


def test_a_bank_that_lies_is_not_believed(world):
    page, payment_id = _started(world)
    pay_at_bank(page, "Lie")
    tried = "SELECT max(attempts) FROM inbox WHERE payment_id = ? OR CAST(raw AS TEXT) LIKE ?"
    tx_id = world.rows("SELECT tx_id FROM payment WHERE id = ?", payment_id)[0][0]
    world.wait(
        lambda: (world.rows(tried, payment_id, f"%{tx_id}%")[0][0] or 0) > 0,
        "the query of the bank",
    )
    expect(page.get_by_text(re.compile("do not pay again", re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Pay 500.00 ETB"))).to_have_count(0)
    assert world.investments_of(INVESTOR)[-1][2] == "paying"
    assert world.postings_of(payment_id) == []


def _refused(world) -> int:
    return world.rows("SELECT count(*) FROM inbox WHERE state = 'refused'")[0][0]
