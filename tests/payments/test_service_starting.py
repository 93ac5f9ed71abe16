"""Begin a payment: the customer's number first, unclear answers, expiry."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts import BillBitts
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict
from crowdfund.payments import desk_queries, queries
from crowdfund.payments.service import starting

from .conftest import ESCROW, GATEWAY


def test_the_customer_number_is_stored_before_the_first_payment_is_opened(world, bank):
    payment = world.start()
    assert [path for _, path in bank.calls] == ["/register", "/payment/initiate"]
    assert world.read(lambda: queries.cprn_of(world.user_id, GATEWAY)).startswith("CPRN-")
    assert payment.status == "pending"
    assert payment.checkout_url.endswith(payment.tx_id)


def test_the_second_payment_of_a_customer_registers_nobody(world, bank):
    world.start(key="one")
    world.start(key="two")
    assert [path for _, path in bank.calls].count("/register") == 1


def test_two_first_payments_at_once_are_both_opened(world, bank):
    for key in ("one", "two"):
        starting.start(
            starting.NewPayment(
                user_id=world.user_id,
                amount_minor=100,
                currency="ETB",
                gateway=GATEWAY,
                purpose=("order", key),
                destination=ESCROW,
                description="",
            ),
            key=key,
        )
    commit()
    world.work()
    page = world.read(desk_queries.payments_page)
    assert [row.status for row in page.rows] == ["pending", "pending"]


def test_the_same_key_begins_once(world, bank):
    first = world.start()
    assert world.start().id == first.id
    assert len(bank.payments) == 1


def test_the_same_key_with_another_amount_is_refused(world):
    world.start(25_000)
    with pytest.raises(Conflict):
        world.start(25_001)
    rollback()


def test_a_lost_answer_is_found_by_the_reference_and_never_paid_twice(world, bank, frozen):
    bank.calls.clear()
    starting.start(
        starting.NewPayment(
            user_id=world.user_id,
            amount_minor=100,
            currency="ETB",
            gateway=GATEWAY,
            purpose=("order", "i"),
            destination=ESCROW,
            description="",
        ),
        key="k",
    )
    commit()
    bank.lose_answers = 2  # the registration's and, after its retry, the initiate's
    world.work()
    for _ in range(6):
        frozen.advance(timedelta(seconds=5))
        world.work()
    payment = world.read(lambda: queries.find_by_key("k"))
    assert payment.status == "pending"
    assert list(bank.payments) == [payment.tx_id]


def test_a_bank_that_is_down_delays_the_payment_and_says_so(world, bank, frozen):
    bank.down = True
    payment = world.start()
    assert payment.status == "created"
    bank.down = False
    for _ in range(8):
        frozen.advance(timedelta(seconds=10))
        world.work()
    assert world.status(payment.id) == "pending"


def test_without_a_key_nothing_is_sent(world):
    gateways.use(GATEWAY, BillBitts("http://bank.invalid", "", private_key=None, bank_keys=[]))
    payment = world.start()
    assert payment.status == "created"
    assert payment.tx_id is None


def test_an_unpaid_payment_expires_after_a_day_and_tells_its_purpose(world, frozen, news):
    payment = world.start()
    frozen.advance(timedelta(hours=23, minutes=59))
    outbox.drain("payments")
    assert world.status(payment.id) == "pending"
    frozen.advance(timedelta(minutes=2))
    world.work()
    assert world.status(payment.id) == "expired"
    assert [event for event, _, _ in news] == ["payment.expired"]


def test_a_paid_payment_without_webhook_does_not_expire_but_becomes_visible(world, bank, frozen):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    frozen.advance(timedelta(hours=25))
    world.work()
    assert world.status(payment.id) == "pending"
    assert [one.kind for one in world.exceptions()] == ["webhook_missing"]
    assert world.postings() == []


def test_the_reconcile_tick_finds_a_lost_webhook(world, bank, frozen):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    frozen.advance(timedelta(minutes=4))
    assert starting.queue_checks() == 0
    frozen.advance(timedelta(minutes=2))
    assert starting.queue_checks() == 1
    commit()
    world.work()
    assert [one.kind for one in world.exceptions()] == ["webhook_missing"]


def test_a_payment_without_news_is_asked_about_again_and_again(world, bank, frozen):
    payment = world.start()
    for times in (1, 2, 3):
        frozen.advance(timedelta(minutes=6))
        assert starting.queue_checks() == 1, times
        commit()
        world.work()
    assert world.status(payment.id) == "pending"


def test_the_exception_closes_by_itself_when_the_webhook_comes_after_all(world, bank, frozen):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    starting.check_now(payment.id)
    commit()
    world.work()
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    assert world.status(payment.id) == "settled"
    assert world.exceptions() == []
    assert [one.resolved_by for one in world.exceptions("resolved")] == ["system"]


def test_every_status_change_is_in_the_history(world, bank):
    payment = world.start()
    bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    steps = world.read(lambda: [step.to_status for step in queries.timeline(payment.id)])
    assert steps == ["created", "pending", "succeeded", "settled"]


def test_the_history_cannot_be_changed(world):
    world.start()
    with pytest.raises(sa.exc.DBAPIError):
        db.session.execute(sa.text("UPDATE payment_event SET reason = 'x'"))
    rollback()
