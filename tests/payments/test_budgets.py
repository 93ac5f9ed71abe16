"""Each gateway has threads, time and a breaker of its own; a slow one costs the others nothing."""

import threading
from datetime import timedelta

import pytest

from crowdfund.adapters import gateway_budget, gateways
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.adapters.gateways import GatewayRefused, GatewayUnclear, GatewayUnknown
from crowdfund.kernel import clock
from crowdfund.payments.service import applying, inbox

from .conftest import ESCROW, GATEWAY

OTHER = "other_bank"


@pytest.fixture
def other(world):
    """A second gateway beside the first: the registry runs as many as are registered."""
    fake = FakeBillBitts(OTHER)
    gateways.use(OTHER, fake)
    yield fake
    gateways.use(OTHER, None)


@pytest.fixture
def budget(world):
    return gateway_budget.of(GATEWAY)


def fail(budget, times=1, error=GatewayUnknown):
    for _ in range(times):
        with pytest.raises(error), budget.calling():
            raise error("The bank does not answer at the moment.")


def answer(budget):
    with budget.calling():
        pass


# --- the breaker ----------------------------------------------------------------------------------


def test_a_gateway_that_does_not_answer_is_left_alone_for_a_growing_time(budget, frozen):
    fail(budget, 4)
    assert not budget.is_paused
    pauses = []
    for _ in range(9):
        fail(budget)
        began = clock.now()
        while budget.is_paused:
            frozen.advance(timedelta(seconds=1))
        pauses.append((clock.now() - began).total_seconds())
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_a_pause_one_call_tries_and_its_answer_ends_the_caution(budget, frozen):
    fail(budget, 5)
    assert budget.capacity() == 0
    frozen.advance(timedelta(seconds=1))
    assert budget.capacity() == 1
    answer(budget)
    assert budget.capacity() > 1
    fail(budget, 4)
    assert not budget.is_paused


@pytest.mark.parametrize("error", [GatewayRefused, GatewayUnclear])
def test_an_answer_that_helps_nobody_is_an_answer_all_the_same(budget, error):
    fail(budget, 4)
    fail(budget, 1, error)
    fail(budget, 4)
    assert not budget.is_paused


def test_calls_that_were_under_way_do_not_lengthen_the_pause(budget, frozen):
    fail(budget, 20)
    frozen.advance(timedelta(seconds=1))
    assert not budget.is_paused


def test_a_clock_that_is_put_back_a_day_does_not_pause_the_gateway_for_a_day(budget, frozen):
    fail(budget, 5)
    frozen.set(clock.now() - timedelta(days=1))
    assert not budget.is_paused


def test_what_is_taken_at_a_time_is_what_can_be_done_in_that_time(budget, monkeypatch):
    moments = iter((0.0, 9.0))  # a bank of nine seconds an answer
    monkeypatch.setattr(gateway_budget.time, "monotonic", lambda: next(moments))
    answer(budget)
    assert budget.capacity() == gateway_budget.THREADS


def test_calls_that_do_not_start_in_their_time_are_left_out(budget, monkeypatch):
    moments = iter((0.0, 1.0, gateway_budget.START_WITHIN_S + 1, 2.0))
    monkeypatch.setattr(gateway_budget.time, "monotonic", lambda: next(moments))
    monkeypatch.setattr(budget._pool, "map", lambda function, calls: map(function, calls))
    assert budget.call_all({"a": lambda: 1, "b": lambda: 2, "c": lambda: 3}) == {"a": 1, "c": 3}


# --- two gateways ---------------------------------------------------------------------------------


def test_a_second_gateway_takes_payments_and_webhooks_of_its_own(world, other, client):
    payment = world.start(gateway=OTHER)
    other.set_truth(payment.tx_id, "SETTLED")
    raw, headers = other.webhook(payment.tx_id, "SETTLED")
    assert client.post(f"/webhooks/{OTHER}/", data=raw, headers=headers).status_code == 200
    world.work()
    assert world.status(payment.id) == "settled"
    assert world.balance(f"gateway:{OTHER}:external") == -25_000
    assert world.balance(ESCROW) == 25_000


def test_a_gateway_that_is_away_delays_only_its_own_and_its_webhooks_lose_no_patience(
    world, bank, other, frozen
):
    ours = [world.start(key=f"ours-{n}") for n in range(24)]
    theirs = [world.start(key=f"theirs-{n}", gateway=OTHER) for n in range(24)]
    for payments, fake, name in ((ours, bank, GATEWAY), (theirs, other, OTHER)):
        for payment in payments:
            fake.set_truth(payment.tx_id, "SETTLED")
            inbox.accept(name, *fake.webhook(payment.tx_id, "SETTLED"))
    bank.down = True
    bank.calls.clear()
    for _ in range(60):
        world.work()
        frozen.advance(timedelta(seconds=10))
    assert {world.status(payment.id) for payment in theirs} == {"settled"}
    assert len(bank.calls) < 60, "an absent gateway is asked now and then, not for each webhook"
    bank.down = False
    for _ in range(6):  # the pause ends, one call tries, then everything
        world.work()
        frozen.advance(timedelta(minutes=10))
    assert {world.status(payment.id) for payment in ours} == {"settled"}
    assert world.exceptions() == []


def test_a_gateway_that_answers_slowly_does_not_hold_up_another(world, bank, other, monkeypatch):
    slow, fast = world.start(), world.start(key="fast", gateway=OTHER)
    for payment, fake, name in ((slow, bank, GATEWAY), (fast, other, OTHER)):
        fake.set_truth(payment.tx_id, "SETTLED")
        inbox.accept(name, *fake.webhook(payment.tx_id, "SETTLED"))
    fast_is_settled, truth = threading.Event(), bank.query(slow.tx_id)
    monkeypatch.setattr(bank, "query", lambda _name: fast_is_settled.wait(20) and truth)
    advance = applying.Batch.advance

    def advanced(batch, payment, answer):
        advance(batch, payment, answer)
        if payment.id == fast.id:
            fast_is_settled.set()

    monkeypatch.setattr(applying.Batch, "advance", advanced)
    world.work()
    assert [world.status(payment.id) for payment in (fast, slow)] == ["settled", "settled"]
