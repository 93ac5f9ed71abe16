"""A company closes early when all that people have paid has arrived; promises hold up nothing."""

import re

import pytest

from crowdfund.campaigns.service import ending
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import WrongState
from crowdfund.payments.service import starting
from tests import raising


@pytest.fixture
def nearly(world):
    """Enough is settled to close, and 500.00 ETB more are reserved; the id of that."""
    raising.put_in(world.campaign_id, 8_000_00)
    second = world.place("charlie", "500", key="form-key-2")
    rollback()
    return second


def close(world):
    rollback()
    ending.close_early(world.campaign_id, actor=world.people["alice"])
    commit()


def manage(app, world):
    client = raising.browser(app, world.people["alice"])
    return client.get(f"/my/campaigns/{world.campaign_id}").text


def test_an_unpaid_reservation_holds_up_no_closing_and_its_late_money_goes_back(app, world, nearly):
    assert "Close now" in manage(app, world)
    close(world)
    assert world.campaign().ending == "close"
    world.bank_says(nearly, "SUCCESS", "SETTLED")
    assert world.status(nearly) == "returned"
    assert world.campaign().settled_minor == 8_000_00


def test_money_that_the_bank_has_is_waited_for_and_the_page_says_so(app, world, nearly):
    world.bank_says(nearly, "SUCCESS")
    page = manage(app, world)
    assert "Close now" not in page
    assert re.search(r"once .*500\.00.*, which has been paid, has arrived", page)
    with pytest.raises(WrongState, match="still on its way"):
        close(world)
    world.bank_says(nearly, "SETTLED")
    raising.confirm("investment", nearly)
    world.work()
    close(world)
    assert world.campaign().settled_minor == 8_500_00


def test_money_that_only_the_gateway_has_spoken_of_is_waited_for(world, nearly):
    payment = world.payment(nearly)
    world.bank.set_truth(payment.tx_id, "SUCCESS")
    rollback()
    starting.check_now(payment.id)
    commit()
    world.work()
    with pytest.raises(WrongState, match="still on its way"):
        close(world)
