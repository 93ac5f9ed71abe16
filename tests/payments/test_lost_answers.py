"""The bank opened a payment and its answer was lost: our reference finds it, once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.kernel.db import commit, db
from crowdfund.ledger.rules import SUSPENSE
from crowdfund.payments import queries
from crowdfund.payments.models import Payment
from crowdfund.payments.service import listing, starting
from crowdfund.payments.service.starting import NewPayment
from tests.conftest import NOW

from .conftest import ESCROW, GATEWAY


@pytest.fixture
def known(world):
    """A payment of alice's before, so that the bank and we know her."""
    return world.start(key="known")


@pytest.fixture
def lost(world, known):
    """A payment that the bank has opened while we still have no transaction of it."""
    payment_id = starting.start(
        NewPayment(
            user_id=world.user_id,
            amount_minor=25_000,
            currency="ETB",
            gateway=GATEWAY,
            purpose=("order", "i2"),
            destination=ESCROW,
            description="Shares",
        ),
        key="lost",
    )
    commit()
    world.bank.lose_answers = 1
    world.work()
    payment = world.read(lambda: queries.get(payment_id))
    assert (payment.status, payment.tx_id) == ("created", None)
    return payment


def opened_for(world, payment):
    """Return the transaction that the bank has for a payment."""
    (tx_id,) = [name for name, one in world.bank.payments.items() if one["reference"] == payment.id]
    return tx_id


def check(world, payment):
    starting.check_now(payment.id)
    commit()
    world.work()


def read(world, payment):
    found = world.read(lambda: queries.get(payment.id))
    return found.status, found.tx_id


def test_a_webhook_of_the_lost_transaction_settles_its_payment(world, lost, news):
    tx_id = opened_for(world, lost)
    world.bank.set_truth(tx_id, "SETTLED")
    world.tell(tx_id, "SETTLED")
    world.work()
    assert read(world, lost) == ("settled", tx_id)
    assert (world.balance(ESCROW), world.balance(SUSPENSE)) == (25_000, 0)
    assert ("payment.settled", lost.id, 25_000) in news
    assert world.exceptions() == []


def test_a_webhook_that_the_lost_transaction_waits_for_its_payer_moves_no_money(
    world, lost, news, frozen
):
    tx_id = opened_for(world, lost)
    world.tell(tx_id, "PENDING")
    world.work()
    assert read(world, lost) == ("pending", tx_id)
    steps = world.read(lambda: [step.to_status for step in queries.timeline(lost.id)])
    assert steps == ["created", "pending"]
    frozen.advance(timedelta(minutes=1))
    world.work()  # the second try of the opening, which has nothing left to do
    assert (read(world, lost), len(world.bank.payments)) == (("pending", tx_id), 2)
    assert (world.postings(), news, world.exceptions()) == ([], [], [])


def test_a_check_finds_the_lost_transaction_and_its_webhook_then_settles_it(world, lost):
    tx_id = opened_for(world, lost)
    check(world, lost)
    assert read(world, lost) == ("pending", tx_id)
    world.bank.set_truth(tx_id, "SETTLED")
    world.tell(tx_id, "SETTLED")
    world.work()
    assert read(world, lost) == ("settled", tx_id)
    assert (world.balance(ESCROW), world.exceptions()) == (25_000, [])


def test_a_check_takes_no_transaction_that_another_payment_has(world, known, lost):
    world.bank.wrong_answer = world.bank.payments[opened_for(world, lost)] | {
        "tx_id": known.tx_id,
        "status": "SETTLED",
    }
    check(world, lost)
    assert read(world, lost) == ("created", None)
    assert read(world, known) == ("pending", known.tx_id)
    assert world.postings() == []
    (found,) = world.exceptions()
    assert (found.kind, found.payment_id) == ("contradiction", lost.id)
    assert found.detail == f"The gateway names {known.tx_id}, whose money is booked elsewhere."


def test_a_check_takes_no_transaction_whose_money_lies_in_suspense(world, lost, frozen):
    tx_id = opened_for(world, lost)
    stranger = world.bank.open_payment("CPRN-AAAAAAAA", 7_000, status="SETTLED")
    world.tell(stranger, "SETTLED")
    frozen.advance(timedelta(minutes=2))
    world.bank.wrong_answer = world.bank.payments[stranger]  # so the opening does not end meanwhile
    world.work()
    assert world.balance(SUSPENSE) == 7_000
    world.bank.wrong_answer = world.bank.payments[tx_id] | {"tx_id": stranger, "status": "SETTLED"}
    check(world, lost)
    assert read(world, lost) == ("created", None)
    assert (world.balance(ESCROW), world.balance(SUSPENSE)) == (0, 7_000)


def compare(world):
    """Compare the bank's list with our books."""
    found = listing.Listed()
    for page in gateways.transactions(GATEWAY, NOW):
        found.add(listing.compare_listed(GATEWAY, page))
        commit()
    return found


def test_the_banks_list_finds_the_payment_of_a_lost_transaction_and_holds_no_money(world, lost):
    tx_id = opened_for(world, lost)
    world.bank.set_truth(tx_id, "SETTLED")
    found = compare(world)
    assert (found.known, found.new, found.suspense_minor) == (2, 0, {})
    assert read(world, lost) == ("pending", tx_id)
    assert [(one.kind, one.payment_id, one.held) for one in world.exceptions()] == [
        ("webhook_missing", lost.id, False)
    ]
    world.tell(tx_id, "SETTLED")
    world.work()
    assert read(world, lost) == ("settled", tx_id)
    assert (world.balance(ESCROW), world.balance(SUSPENSE)) == (25_000, 0)
    assert world.exceptions() == []


@pytest.mark.parametrize("found_by", ["a check", "a webhook"])
def test_whoever_finds_the_lost_transaction_its_payer_can_pay_and_nothing_waits_for_staff(
    world, lost, frozen, found_by
):
    tx_id = opened_for(world, lost)
    if found_by == "a check":
        check(world, lost)
    else:
        world.tell(tx_id, "PENDING")
        world.work()
    for _ in range(3):  # the second try of the opening and what follows it
        frozen.advance(timedelta(seconds=40))
        world.work()
    payment = world.read(lambda: queries.get(lost.id))
    assert (payment.status, payment.tx_id) == ("pending", tx_id)
    assert payment.checkout_url == gateways.get(GATEWAY).checkout_url(tx_id)
    assert world.exceptions() == []
    assert len(world.bank.payments) == 2


def test_a_payment_that_had_its_transaction_before_it_was_opened_is_opened(world, lost, frozen):
    """As an earlier version left it: the transaction known, the payment not yet pending."""
    tx_id = opened_for(world, lost)
    table = Payment.__table__
    db.session.execute(sa.update(table).where(table.c.id == lost.id).values(tx_id=tx_id))
    commit()
    frozen.advance(timedelta(minutes=1))
    world.work()
    payment = world.read(lambda: queries.get(lost.id))
    assert (payment.status, payment.tx_id) == ("pending", tx_id)
    assert payment.checkout_url
    assert world.exceptions() == []
