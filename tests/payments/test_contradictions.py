"""A gateway that changes its mind: nothing moves by itself, and staff see it."""

import pytest

from crowdfund.kernel.db import commit
from crowdfund.payments.service import starting

from .conftest import ESCROW, GATEWAY

CLEARING = f"gateway:{GATEWAY}:clearing"


def told(world, payment, *statuses, **truth):
    """Let the bank say and tell each status in turn."""
    for status in statuses:
        world.bank.set_truth(payment.tx_id, status, **truth)
        world.tell(payment.tx_id, status)
        world.work()


def ask(world, payment, status):
    """Let the bank say a status without a webhook, and ask it."""
    world.bank.set_truth(payment.tx_id, status)
    starting.check_now(payment.id)
    commit()
    world.work()


def contradictions(world, payment):
    found = [one for one in world.exceptions() if one.payment_id == payment.id]
    return [one.detail for one in found if one.kind == "contradiction"]


@pytest.mark.parametrize(
    "change",
    [{"amount": "250.01"}, {"amount": "249.99"}, {"currency": "USD"}],
    ids=["more", "less", "USD"],
)
def test_figures_that_change_between_success_and_settlement_move_nothing_and_are_shown(
    world, change
):
    payment = world.start(25_000)
    told(world, payment, "SUCCESS")
    before = world.postings()
    told(world, payment, "SETTLED", **change)
    assert world.status(payment.id) == "succeeded"
    assert world.postings() == before
    assert (world.balance(CLEARING), world.balance(ESCROW)) == (25_000, 0)
    [detail] = contradictions(world, payment)
    assert "changed the amount" in detail


@pytest.mark.parametrize("how", [told, ask], ids=["by webhook", "by status query"])
def test_a_payment_that_settles_after_it_was_taken_back_moves_nothing_and_is_shown(world, how):
    payment = world.start(25_000)
    told(world, payment, "SUCCESS", "FAILED")
    assert (world.status(payment.id), contradictions(world, payment)) == ("reversed", [])
    before = world.postings()
    how(world, payment, "SETTLED")
    assert world.status(payment.id) == "reversed"
    assert world.postings() == before
    assert "The gateway settled what it had reversed before." in contradictions(world, payment)


@pytest.mark.parametrize("status", ["SUCCESS", "FAILED"])
def test_a_payment_that_was_taken_back_is_no_contradiction_until_it_settles(world, status):
    payment = world.start(25_000)
    told(world, payment, "SUCCESS", "FAILED")
    ask(world, payment, status)
    assert contradictions(world, payment) == []


def test_a_payment_that_settles_as_it_was_confirmed_is_no_contradiction(world):
    payment = world.start(25_000)
    told(world, payment, "SUCCESS", "SETTLED")
    ask(world, payment, "SETTLED")
    assert (world.status(payment.id), world.exceptions()) == ("settled", [])
