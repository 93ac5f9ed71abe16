"""Every order and repetition of the same events gives the same postings."""

from datetime import timedelta
from itertools import permutations, product

import pytest

from crowdfund.kernel.db import commit, rollback
from crowdfund.payments import queries
from crowdfund.payments.service import applying, starting

from .conftest import ESCROW

EVENTS = ("PENDING", "SUCCESS", "SETTLED", "FAILED")
ORDERS = list(permutations(EVENTS))
REPEATS = {
    "once": lambda order: order,
    "each twice": lambda order: [event for event in order for _ in range(2)],
    "the whole twice": lambda order: [*order, *order],
    "back and forth": lambda order: [*order, *reversed(order)],
}
EXPECTED = {
    # truth: (status, steps posted, open exceptions)
    "PENDING": ("pending", [], []),
    "SUCCESS": ("succeeded", ["succeeded"], ["contradiction"]),
    "SETTLED": ("settled", ["settled", "succeeded"], ["contradiction"]),
    "FAILED": ("failed", [], ["contradiction"]),
}


def begin_all(world):
    """One payment for each order of the four events."""
    started = [
        starting.start(
            starting.NewPayment(
                user_id=world.user_id,
                amount_minor=25_000,
                currency="ETB",
                gateway="bill_bitts",
                purpose=("order", "i1"),
                destination=ESCROW,
                description="Shares",
            ),
            key=f"order-{number}",
        )
        for number in range(len(ORDERS))
    ]
    commit()
    world.work()
    return {
        order: world.read(lambda name=name: queries.get(name))
        for order, name in zip(ORDERS, started, strict=True)
    }


def tell_in_rounds(world, payments, repeat, *, truth_of=None):
    """Deliver the n-th event of every order, let the worker run, then the next."""
    rounds = len(REPEATS[repeat](EVENTS))
    for place in range(rounds):
        for order, payment in payments.items():
            if truth_of:
                world.bank.set_truth(payment.tx_id, truth_of(place))
            world.tell(payment.tx_id, REPEATS[repeat](order)[place])
        world.work()


@pytest.mark.parametrize("truth", EVENTS)
@pytest.mark.parametrize("repeat", REPEATS)
def test_all_orders_and_repetitions_end_the_same(world, truth, repeat):
    payments = begin_all(world)
    tell_in_rounds(world, payments, repeat, truth_of=lambda _place: truth)
    status, posted, doubts = EXPECTED[truth]
    journal, waiting = world.postings(), world.exceptions()
    for order, payment in payments.items():
        assert world.status(payment.id) == status, order
        mine = [line[0].rsplit(":", 1)[1] for line in journal if payment.id in line[0]]
        assert mine == posted, order
        assert [one.kind for one in waiting if one.payment_id == payment.id] == doubts, order
    assert world.balance(ESCROW) == (25_000 * len(ORDERS) if truth == "SETTLED" else 0)
    assert world.is_clean()


@pytest.mark.parametrize("truth", EVENTS)
def test_all_orders_end_the_same_when_they_come_in_one_batch(world, truth):
    payments = begin_all(world)
    for order, payment in payments.items():
        world.bank.set_truth(payment.tx_id, truth)
        for event in order:
            world.tell(payment.tx_id, event)
    world.work()
    status, posted, _ = EXPECTED[truth]
    assert {world.status(payment.id) for payment in payments.values()} == {status}
    assert len(world.postings()) == len(posted) * len(ORDERS)
    assert world.is_clean()


@pytest.mark.parametrize(
    ("first", "then"), list(product(("PENDING", "SUCCESS"), ("SETTLED", "FAILED")))
)
def test_only_the_end_counts_when_the_truth_moves_between_events(world, first, then):
    payments = begin_all(world)
    tell_in_rounds(
        world, payments, "the whole twice", truth_of=lambda place: first if place < 2 else then
    )
    into_escrow = sum(line[3] for line in world.postings() if line[2] == ESCROW)
    ended = {world.status(payment.id) for payment in payments.values()}
    assert ended <= ({"settled"} if then == "SETTLED" else {"failed", "reversed"})
    assert (
        into_escrow == world.balance(ESCROW) == (25_000 * len(ORDERS) if then == "SETTLED" else 0)
    )
    assert world.balance("gateway:bill_bitts:clearing") == 0
    assert world.is_clean()


def test_two_workers_with_the_same_webhooks_post_once(world):
    """A slow worker lost its lease and another did its work: the first finds nothing to do."""
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    for event in EVENTS:
        world.tell(payment.tx_id, event)
    rows = [row.id for row in world.inbox()]
    truth = world.bank.query(payment.tx_id)
    for _ in range(2):
        applying.apply_webhooks(rows, {("bill_bitts", payment.tx_id): truth})
        commit()
    world.work()
    assert world.balance(ESCROW) == 25_000
    assert len(world.postings()) == 2
    assert len(world.exceptions()) == 1


def test_a_worker_that_dies_before_its_commit_leaves_everything_to_be_done_again(world):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SETTLED")
    rows = [row.id for row in world.inbox()]
    applying.apply_webhooks(rows, {("bill_bitts", payment.tx_id): world.bank.query(payment.tx_id)})
    rollback()
    assert world.status(payment.id) == "pending"
    assert world.postings() == []
    world.work()
    assert world.status(payment.id) == "settled"


def test_a_gateway_that_does_not_answer_delays_webhooks_and_loses_none(world, frozen):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SETTLED")
    world.bank.down = True
    world.work()
    assert [row.state for row in world.inbox()] == ["parked"]
    world.bank.down = False
    frozen.advance(timedelta(seconds=3))
    world.work()
    assert world.status(payment.id) == "settled"


def test_a_batch_asks_the_gateway_once_for_each_payment_and_never_about_a_settled_one(world):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    for event in EVENTS[:3]:
        world.tell(payment.tx_id, event)
    world.bank.calls.clear()
    world.work()
    assert world.bank.calls == [("GET", f"/payment/{payment.tx_id}")]
    world.tell(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "FAILED")
    world.work()
    assert len(world.bank.calls) == 1
    assert [one.kind for one in world.exceptions()] == ["contradiction"]
