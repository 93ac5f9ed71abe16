"""A webhook that did not come: what is proposed to staff, and how the question closes."""

from datetime import timedelta

import pytest

from crowdfund.kernel.db import commit
from crowdfund.payments import queries
from crowdfund.payments.service import resolving, starting

from .conftest import ESCROW

STAFF = "f" * 32


def ask(world, payment, status):
    """Let the bank say a status without a webhook, and ask it."""
    world.bank.set_truth(payment.tx_id, status)
    starting.check_now(payment.id)
    commit()
    world.work()


def kinds(world, state="open"):
    return [one.kind for one in world.exceptions(state)]


def accept(world):
    [found] = world.exceptions()
    resolving.resolve(found.id, "accept", actor=STAFF, reason="The bank confirmed it by telephone.")
    commit()
    world.work()


def test_money_that_staff_confirm_goes_in_without_another_question(world, news):
    payment = world.start(25_000)
    ask(world, payment, "SETTLED")
    assert (kinds(world), world.balance(ESCROW)) == (["webhook_missing"], 0)
    accept(world)
    assert (world.status(payment.id), world.balance(ESCROW)) == ("settled", 25_000)
    assert ("payment.settled", payment.id, 25_000) in news
    assert kinds(world) == []


def test_a_failure_that_staff_confirm_ends_the_payment_without_another_question(world, news):
    payment = world.start(25_000)
    ask(world, payment, "FAILED")
    accept(world)
    assert world.status(payment.id) == "failed"
    assert [event for event, _, _ in news] == ["payment.failed"]


@pytest.mark.parametrize(("before", "after"), [((), "failed"), (("SUCCESS",), "reversed")])
def test_the_question_closes_when_the_webhook_of_a_failure_comes_after_all(world, before, after):
    payment = world.start(25_000)
    for status in before:
        world.bank.set_truth(payment.tx_id, status)
        world.tell(payment.tx_id, status)
        world.work()
    ask(world, payment, "FAILED")
    assert kinds(world) == ["webhook_missing"]
    world.tell(payment.tx_id, "FAILED")
    world.work()
    assert (world.status(payment.id), kinds(world)) == (after, [])
    [closed] = world.exceptions("resolved")
    assert (closed.kind, closed.resolved_by) == ("webhook_missing", "system")


def test_what_is_proposed_fits_whose_money_it_is(world, bank, frozen):
    """Money of a known customer goes to the wallet; nobody's money can only go back."""
    payment = world.start(25_000)
    bank.set_truth(payment.tx_id, "SETTLED", amount="100.00")
    world.tell(payment.tx_id, "SETTLED")
    stranger = bank.open_payment("CPRN-AAAAAAAA", 7_000, status="SETTLED")
    world.tell(stranger, "SETTLED")
    for _ in range(8):
        world.work()
        frozen.advance(timedelta(seconds=20))
    proposed = {one.kind: one.proposed_resolution for one in world.exceptions()}
    assert proposed == {"too_little": "credit", "unknown_reference": "return"}


def test_a_status_that_changes_alone_is_written_and_wakes_the_pages_of_its_payment(world, woken):
    payment = world.start(25_000)
    ask(world, payment, "SETTLED")
    woken.clear()
    accept(world)
    assert f"payment:{payment.id}" in woken
    steps = world.read(lambda: [step.to_status for step in queries.timeline(payment.id)])
    assert steps == ["created", "pending", "succeeded", "settled"]
