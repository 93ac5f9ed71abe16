"""Rare answers of the bank: none, one about something else, one about a payment that has ended."""

from datetime import timedelta

import pytest

from crowdfund.kernel.db import commit
from crowdfund.ledger.rules import SUSPENSE, clearing
from crowdfund.payments.service import applying, starting, webhooks

from .conftest import ESCROW, GATEWAY
from .test_service_exceptions import patiently

CLEARING = clearing(GATEWAY)
STRANGER = "CPRN-AAAAAAAA"


def check(world, payment):
    starting.check_now(payment.id)
    commit()
    world.work()


def told(world, payment, status):
    """Let the bank say a status and tell it."""
    world.bank.set_truth(payment.tx_id, status)
    world.tell(payment.tx_id, status)
    world.work()


# --- the bank knows nothing -----------------------------------------------------------------------


def test_a_payment_that_the_bank_has_forgotten_waits_for_its_day_and_then_expires(
    world, frozen, news
):
    payment = world.start()
    del world.bank.payments[payment.tx_id]
    frozen.advance(timedelta(hours=23))
    check(world, payment)
    assert (world.status(payment.id), news) == ("pending", [])
    frozen.advance(timedelta(hours=2))
    world.work()
    assert world.status(payment.id) == "expired"
    assert news == [("payment.expired", payment.id, 25_000)]
    assert (world.postings(), world.exceptions()) == ([], [])


def test_a_payment_that_the_bank_has_forgotten_after_it_was_paid_stays_paid(world, frozen, news):
    payment = world.start()
    told(world, payment, "SUCCESS")
    del world.bank.payments[payment.tx_id]
    frozen.advance(timedelta(hours=25))
    check(world, payment)
    assert (world.status(payment.id), world.balance(CLEARING)) == ("succeeded", 25_000)
    assert [event for event, _, _ in news] == ["payment.succeeded"]


# --- an ended payment -----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["expired", "failed"])
def test_late_money_that_is_taken_back_leaves_nothing_and_the_purpose_hears_of_its_end_once(
    world, frozen, news, ending
):
    payment = world.start()
    if ending == "failed":
        told(world, payment, "FAILED")
    frozen.advance(timedelta(hours=25))
    world.work()
    told(world, payment, "SUCCESS")
    assert (world.status(payment.id), world.balance(CLEARING)) == ("succeeded", 25_000)
    world.bank.set_truth(payment.tx_id, "FAILED")
    world.tell(payment.tx_id, "FAILED")
    check(world, payment)
    assert (world.status(payment.id), world.balance(CLEARING)) == ("reversed", 0)
    assert (world.balance(ESCROW), world.balance(SUSPENSE)) == (0, 0)
    assert [event for event, _, _ in news] == [f"payment.{ending}"]
    assert world.is_clean()


# --- transactions that no payment of ours has -----------------------------------------------------


def test_an_answer_about_another_transaction_than_the_strangers_moves_nothing_and_is_shown(
    world, frozen
):
    payment = world.start()
    stranger = world.bank.open_payment(STRANGER, 7_000, status="SETTLED")
    world.bank.wrong_answer = world.bank.payments[payment.tx_id] | {"status": "SETTLED"}
    world.tell(stranger, "SETTLED")
    world.work()
    (found,) = world.exceptions()
    assert (found.kind, found.tx_id, found.payment_id, found.held) == (
        "contradiction", stranger, None, False,
    )  # fmt: skip
    assert payment.tx_id in found.detail
    assert [row.state for row in world.inbox()] == ["parked"]
    assert (world.postings(), world.status(payment.id)) == ([], "pending")
    world.bank.wrong_answer = None
    patiently(world, frozen)
    assert world.balance(SUSPENSE) == 7_000


@pytest.mark.parametrize(
    "claim", [{"amount": "70.01"}, {"currency": "USD"}, {"cprn": "CPRN-BBBBBBBB"}]
)
def test_a_webhook_about_strange_money_that_the_bank_describes_otherwise_holds_none_of_it(
    world, frozen, claim
):
    stranger = world.bank.open_payment(STRANGER, 7_000, status="SETTLED")
    world.tell(stranger, "SETTLED", **claim)
    patiently(world, frozen)
    (found,) = world.exceptions()
    assert (found.kind, found.tx_id, found.held) == ("contradiction", stranger, False)
    assert (found.amount_minor, found.currency) == (7_000, "ETB"), "what the bank says"
    assert world.postings() == []
    assert [row.state for row in world.inbox()] == ["parked"]


@pytest.mark.parametrize("status", ["PENDING", "SUCCESS", "FAILED"])
def test_a_webhook_about_strange_money_that_has_not_come_ends_without_a_person(
    world, frozen, status
):
    stranger = world.bank.open_payment(STRANGER, 7_000, status=status)
    world.tell(stranger, status)
    patiently(world, frozen)
    (row,) = world.inbox()
    assert (row.state, row.last_error) == (
        "done", "Not a payment of ours; no money came with it.",
    )  # fmt: skip
    assert (world.exceptions(), world.postings()) == ([], [])


# --- a webhook that joins a batch late ------------------------------------------------------------


def test_a_webhook_that_was_not_read_before_the_lock_is_read_then_and_moves_its_own_money(world):
    first, second = world.start(10_000, key="one"), world.start(20_000, key="two")
    for payment in (first, second):
        world.bank.set_truth(payment.tx_id, "SETTLED")
        world.tell(payment.tx_id, "SETTLED")
    webhooks.collect()
    commit()
    early, late = world.inbox()
    parsed = {early.id: world.bank.parse_webhook(early.raw)}
    given = {
        (GATEWAY, payment.tx_id): world.bank.query(payment.tx_id) for payment in (first, second)
    }
    applying.apply_webhooks([early.id, late.id], given, parsed=parsed)
    commit()
    assert [world.status(payment.id) for payment in (first, second)] == ["settled", "settled"]
    assert world.balance(ESCROW) == 30_000
    assert [row.payment_id for row in world.inbox()] == [first.id, second.id]
