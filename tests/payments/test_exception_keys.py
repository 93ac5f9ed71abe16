"""An answer to an exception covers what was asked, and nothing that the gateway says later."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters.gateways import GatewayUnknown
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict
from crowdfund.payments.models import payment_exception_event
from crowdfund.payments.rules import Resolution
from crowdfund.payments.service import closing, inbox, resolving, starting

from .conftest import ESCROW
from .test_service_exceptions import STAFF, SUSPENSE, decide, patiently


def check(world, payment):
    starting.check_now(payment.id)
    commit()
    world.work()


def open_kinds(world):
    return [(one.kind, one.detail.split(" ", 1)[0]) for one in world.exceptions()]


def test_a_lost_webhook_is_shown_again_when_the_bank_says_more(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SUCCESS")
    check(world, payment)
    decide(world, "dismiss", "the customer will pay again")
    assert world.exceptions() == []
    bank.set_truth(payment.tx_id, "SETTLED")
    check(world, payment)
    assert open_kinds(world) == [("webhook_missing", "SETTLED")]
    decide(world, "accept")
    assert (world.status(payment.id), world.balance(ESCROW)) == ("settled", 25_000)


def test_a_failure_without_webhook_is_shown_although_its_success_was_dismissed(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SUCCESS")
    check(world, payment)
    decide(world, "dismiss", "let us wait for it")
    bank.set_truth(payment.tx_id, "FAILED")
    check(world, payment)
    assert open_kinds(world) == [("webhook_missing", "FAILED")]


def history(world, exception_id):
    event = payment_exception_event
    query = sa.select(event.c.actor, event.c.from_status, event.c.to_status)
    query = query.where(event.c.payment_exception_id == exception_id).order_by(event.c.id)
    return world.read(lambda: [tuple(row) for row in db.session.execute(query)])


def test_the_history_of_an_exception_begins_with_its_opening_and_names_who_ended_it(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SUCCESS")
    check(world, payment)
    (found,) = world.exceptions()
    assert history(world, found.id) == [("system", None, "open")]
    decide(world, "dismiss", "the customer will pay again")
    assert history(world, found.id) == [("system", None, "open"), (STAFF, "open", "resolved")]


def test_what_was_dismissed_is_not_asked_again(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SUCCESS")
    check(world, payment)
    decide(world, "dismiss", "the customer will pay again")
    check(world, payment)
    assert world.exceptions() == []


def test_money_that_the_gateway_has_cannot_be_dismissed(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    check(world, payment)
    (found,) = world.exceptions()
    assert resolving.choices(found) == (Resolution.ACCEPT,)
    with pytest.raises(Conflict, match="does not fit"):
        resolving.resolve(found.id, "dismiss", actor=STAFF, reason="the customer will pay again")
    rollback()
    decide(world, "accept")
    assert (world.status(payment.id), world.balance(ESCROW)) == ("settled", 25_000)


def test_money_that_an_older_version_let_staff_dismiss_is_shown_again_while_the_gateway_has_it(
    world, bank
):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    check(world, payment)
    (found,) = world.exceptions()
    closing.close(found.id, Resolution.DISMISS, actor=STAFF, reason="no action needed")
    commit()
    assert world.exceptions() == []
    check(world, payment)
    assert open_kinds(world) == [("webhook_missing", "SETTLED")]
    decide(world, "accept")
    check(world, payment)
    assert world.exceptions() == []
    assert (world.status(payment.id), world.balance(ESCROW)) == ("settled", 25_000)


def test_only_the_last_status_without_webhook_is_open(world, bank):
    payment = world.start()
    for status in ("SUCCESS", "SETTLED"):
        bank.set_truth(payment.tx_id, status)
        check(world, payment)
    assert open_kinds(world) == [("webhook_missing", "SETTLED")]


def test_standing_in_for_a_webhook_never_lowers_what_webhooks_said_before(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SUCCESS")
    check(world, payment)
    (found,) = world.exceptions()
    bank.down = True
    world.tell(payment.tx_id, "SETTLED")
    bank.down = False
    bank.set_truth(payment.tx_id, "SETTLED")
    world.work()
    assert world.status(payment.id) == "settled"
    with pytest.raises(Conflict, match="already been reviewed"):
        resolving.resolve(found.id, "accept", actor=STAFF)
    rollback()


def test_a_second_contradiction_is_shown_after_the_first_was_judged(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    world.tell(payment.tx_id, "FAILED")
    world.work()
    decide(world, "dismiss", "the bank says that it was a mistake")
    world.tell(payment.tx_id, "FAILED")  # the same once more
    world.work()
    assert world.exceptions() == []
    world.tell(payment.tx_id, "SETTLED", amount="1.00")
    world.work()
    assert [one.kind for one in world.exceptions()] == ["contradiction"]


def test_money_of_a_stranger_is_held_once_even_when_the_bank_names_its_payment_later(
    world, bank, frozen
):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    cprn = bank.payments[payment.tx_id]["cprn"]
    stranger = bank.open_payment(cprn, 7_000, status="SETTLED")
    world.tell(stranger, "SETTLED")
    patiently(world, frozen)
    bank.set_truth(stranger, "SETTLED", reference=payment.id)
    world.tell(stranger, "SETTLED")
    patiently(world, frozen)
    assert [one.kind for one in world.exceptions()] == ["unknown_reference"]
    assert world.balance(SUSPENSE) == 7_000
    decide(world, "credit")
    assert (world.balance(SUSPENSE), world.is_clean()) == (0, True)


def test_another_amount_for_money_in_suspense_is_a_contradiction_and_stops_no_other_webhook(
    world, bank, frozen
):
    stranger = bank.open_payment("CPRN-AAAAAAAA", 7_000, status="SETTLED")
    world.tell(stranger, "SETTLED")
    patiently(world, frozen)
    bank.set_truth(stranger, "SETTLED", amount="80.00")
    world.tell(stranger, "SETTLED")
    patiently(world, frozen)
    assert sorted(one.kind for one in world.exceptions()) == ["contradiction", "unknown_reference"]
    assert {row.state for row in world.inbox()} == {"done"}
    assert world.balance(SUSPENSE) == 7_000


def test_a_transaction_in_suspense_never_becomes_a_payments_as_well(
    world, bank, frozen, monkeypatch
):
    world.start(key="known")
    monkeypatch.setattr(bank, "initiate", _no_answer)
    payment = world.start(key="lost")
    cprn = bank.payments[next(iter(bank.payments))]["cprn"]
    tx_id = bank.open_payment(cprn, 25_000, status="SETTLED")  # the bank has lost our reference
    world.tell(tx_id, "SETTLED")
    patiently(world, frozen)
    assert world.balance(SUSPENSE) == 25_000
    bank.set_truth(tx_id, "SETTLED", reference=payment.id)
    world.tell(tx_id, "SETTLED")
    frozen.advance(timedelta(minutes=30))
    world.work()
    assert (world.balance(SUSPENSE), world.balance(ESCROW)) == (25_000, 0)
    assert "contradiction" in [one.kind for one in world.exceptions()]
    assert world.is_clean()


def _no_answer(*_args, **_kwargs):
    raise GatewayUnknown("The bank does not answer at the moment.")


# --- patience is counted in time ------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["PENDING", "FAILED", "down", "unknown"])
def test_a_wrong_answer_of_some_seconds_needs_nobody(world, bank, frozen, wrong):
    payments = [world.start(key=f"order-{n}") for n in range(24)]
    known = dict(bank.payments)
    if wrong == "down":
        bank.down = True
    elif wrong == "unknown":
        bank.payments.clear()
    else:
        for payment in payments:
            bank.set_truth(payment.tx_id, wrong)
    webhooks = [(known[payment.tx_id], payment) for payment in payments]
    for row, payment in webhooks:
        bank.payments.setdefault(payment.tx_id, row)
        world.tell(payment.tx_id, "SETTLED")
    if wrong == "unknown":
        bank.payments.clear()
    for _ in range(40):
        world.work()
        frozen.advance(timedelta(seconds=1))
    bank.down = False
    bank.payments.update(known)
    for payment in payments:
        bank.set_truth(payment.tx_id, "SETTLED")
    frozen.advance(timedelta(minutes=5))
    world.work()
    assert {world.status(payment.id) for payment in payments} == {"settled"}
    assert world.exceptions() == []
    assert {row.state for row in world.inbox()} == {"done"}


def test_a_stranger_that_the_bank_confirms_late_is_not_forgotten(world, bank, frozen):
    stranger = bank.open_payment("CPRN-AAAAAAAA", 7_000, status="PENDING")
    world.tell(stranger, "SETTLED")
    patiently(world, frozen)
    assert [row.state for row in world.inbox()] == ["parked"]
    bank.set_truth(stranger, "SETTLED")
    frozen.advance(timedelta(minutes=30))
    world.work()
    assert world.balance(SUSPENSE) == 7_000


def test_a_dead_webhook_ends_when_its_contradiction_is_judged(world, bank, frozen):
    payment = world.start()
    world.tell(payment.tx_id, "SETTLED")
    for _ in range(16):
        world.work()
        frozen.advance(timedelta(hours=1))
    assert [row.state for row in world.inbox()] == ["dead"]
    (found,) = world.exceptions()
    assert found.detail == "The webhook says SETTLED, the gateway still PENDING."
    decide(world, "dismiss", "the bank took back what it had said")
    assert [row.state for row in world.inbox()] == ["done"]


def test_a_contradiction_that_was_judged_lets_its_webhook_end_without_an_alert(world, bank, frozen):
    payment = world.start()
    bank.set_truth(payment.tx_id, "FAILED")
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    decide(world, "dismiss", "the bank took back what it had said")
    for _ in range(16):
        frozen.advance(timedelta(hours=1))
        world.work()
    assert [row.state for row in world.inbox()] == ["done"]


def test_a_webhook_that_is_processed_again_is_tried_again_as_often_as_before(world, bank, frozen):
    payment = world.start()
    world.tell(payment.tx_id, "SUCCESS")
    for _ in range(16):
        world.work()
        frozen.advance(timedelta(hours=1))
    inbox.replay(world.inbox()[0].id, actor=STAFF)
    commit()
    world.work()
    assert world.inbox()[0].state == "parked"
    bank.set_truth(payment.tx_id, "SUCCESS")
    frozen.advance(timedelta(minutes=1))
    world.work()
    assert world.inbox()[0].state == "done"
