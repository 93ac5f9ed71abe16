"""Back from the bank: the page never asks for money that may have been paid already."""

from datetime import timedelta

import pytest

from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.web import destinations
from crowdfund.payments.service import inbox, starting
from tests import raising
from tests.investments.test_reviews import show


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


@pytest.fixture
def placed(world):
    return world.place()


def come_back(world, charlie, investment_id):
    answer = charlie.get(f"/payments/{world.payment(investment_id).id}/return")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/investments/{investment_id}",
    )


def bank_knows(world, investment_id, status):
    world.bank.set_truth(world.payment(investment_id).tx_id, status)


def later(world, frozen, seconds):
    for _ in range(seconds // 5):
        frozen.advance(timedelta(seconds=5))
        world.work()


def test_before_the_way_back_the_page_asks_to_pay(charlie, placed):
    assert "Pay 1,000.00 ETB at NEO Bank" in show(charlie, placed)


def test_on_the_way_back_the_button_is_gone_at_once(world, charlie, placed):
    come_back(world, charlie, placed)
    page = show(charlie, placed)
    assert "Pay 1,000.00 ETB" not in page
    assert "Do not pay again" in page
    assert "checkout" not in charlie.get(f"/investments/{placed}").text.split("<main")[1]


def test_what_the_bank_reports_is_said_before_its_webhook_comes(world, charlie, placed):
    bank_knows(world, placed, "SUCCESS")
    come_back(world, charlie, placed)
    world.work()
    page = show(charlie, placed)
    assert "Do not pay again" in page
    assert "The bank reports that you have paid." in page
    assert "Being checked" in page
    assert "Cancel this reservation" not in page


def test_a_lost_webhook_is_told_to_the_payer_with_how_long_it_takes(world, charlie, placed, frozen):
    bank_knows(world, placed, "SETTLED")
    come_back(world, charlie, placed)
    later(world, frozen, 120)
    page = show(charlie, placed)
    assert "Do not pay again" in page
    assert "Our staff are checking it with the bank, usually within one working day" in page


def test_a_contradiction_that_staff_check_is_told_to_the_payer(world, charlie, placed, frozen):
    payment = world.payment(placed)
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, "SUCCESS"))
    later(world, frozen, 90)
    page = show(charlie, placed)
    assert "Do not pay again" in page
    assert "Pay 1,000.00 ETB" not in page
    assert "usually within one working day" in page


def test_who_has_not_paid_can_go_on_to_the_bank(world, charlie, placed, frozen):
    come_back(world, charlie, placed)
    world.work()
    assert "I have not paid yet" not in show(charlie, placed)
    later(world, frozen, 30)
    page = show(charlie, placed)
    assert "The bank has not reported a payment yet" in page
    assert "I have not paid yet: continue to the bank" in page
    assert "Change the amount" in page


def test_when_the_webhook_comes_the_page_goes_on_as_usual(world, charlie, placed, frozen):
    come_back(world, charlie, placed)
    world.bank_says(placed, "SUCCESS", "SETTLED")
    page = show(charlie, placed)
    assert "Do not pay again" not in page
    assert "Settled" in page


def test_money_that_the_bank_reports_for_an_ended_reservation_is_not_called_missing(
    world, charlie, placed, frozen
):
    bank_knows(world, placed, "PENDING")
    frozen.advance(timedelta(hours=25))
    world.work()
    assert "Try again" in show(charlie, placed)
    bank_knows(world, placed, "SUCCESS")
    starting.check_now(world.payment(placed).id)
    commit()
    world.work()
    page = show(charlie, placed)
    assert "The bank reports that you have paid." in page
    assert "Try again" not in page


def test_the_page_of_the_payment_itself_says_the_same(world, charlie, placed):
    payment_id = world.payment(placed).id
    assert "Pay at NEO Bank" in charlie.get(f"/payments/{payment_id}").text
    come_back(world, charlie, placed)
    page = charlie.get(f"/payments/{payment_id}").text
    assert "Pay at NEO Bank" not in page
    assert "Do not pay again" in page


def test_only_its_owner_comes_back_to_a_payment(app, world, placed):
    dora = raising.sign_in(app.test_client(), world.people["dora"])
    payment = world.payment(placed)
    assert dora.get(f"/payments/{payment.id}/return").status_code == 404
    assert world.payment(placed).came_back_at is None


def test_the_way_on_after_verification_names_the_investment(world, app, charlie):
    with app.test_request_context("/"):
        assert (
            destinations.words(f"/campaigns/{world.slug}/invest?amount=5")
            == "Continue to your investment in A second roaster for Yirga"
        )
        assert destinations.words("/campaigns/no-such/invest") == "Continue where you left off"
        assert destinations.words("/no/such/page") == "Continue where you left off"
