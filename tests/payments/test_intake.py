"""An accepted webhook is one row; workers queue what came, and ask the bank once for a burst."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import settled_answers
from crowdfund.kernel import health, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.live import topic
from crowdfund.kernel.outbox import intakes
from crowdfund.payments import desk_queries
from crowdfund.payments.service import inbox, webhooks
from tests.together import at_once

_T = outbox.outbox_table
SECOND = timedelta(seconds=1)


def queued():
    """Return the keys of the work about webhooks."""
    rollback()
    keys = db.session.scalars(
        sa.select(_T.c.key).where(_T.c.kind == "payments.inbox").order_by(_T.c.key)
    )
    found = list(keys)
    rollback()
    return found


def asked(world):
    """Return how often the bank was asked for a status."""
    return sum(method == "GET" for method, _ in world.bank.calls)


# --- queueing -------------------------------------------------------------------------------------


def test_an_accepted_webhook_is_stored_without_work_and_a_worker_does_both_later(world):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SETTLED")
    assert ([row.state for row in world.inbox()], queued()) == (["received"], [])
    world.work()
    assert ([row.state for row in world.inbox()], len(queued())) == (["done"], 1)
    assert world.status(payment.id) == "settled"


def test_a_webhook_whose_wakeup_was_lost_is_found_by_the_sweep(world):
    payment = world.start()
    assert outbox.due_queues() == []
    world.tell(payment.tx_id, "SUCCESS")
    assert outbox.due_queues() == ["payments"]


def test_webhooks_that_no_worker_takes_are_named_by_the_health_check(world, frozen):
    payment = world.start()
    world.tell(payment.tx_id, "SUCCESS")
    frozen.advance(health.LATE_FOR)
    assert "payments" not in world.read(lambda: outbox.overdue(health.LATE_FOR))
    frozen.advance(SECOND)
    assert "payments" in world.read(lambda: outbox.overdue(health.LATE_FOR))


def test_two_workers_who_queue_at_the_same_moment_queue_each_webhook_once(world, app):
    payment = world.start()
    for _ in range(30):
        world.tell(payment.tx_id, "PENDING")
    found = at_once(app, [lambda: intakes.collect("payments")] * 2)
    assert sum(found) == 30
    assert len(set(queued())) == len(queued()) == 30
    assert {row.state for row in world.inbox()} == {"queued"}


def test_a_backlog_longer_than_one_collection_is_worked_off(world, monkeypatch):
    monkeypatch.setattr(webhooks, "MOST_COLLECTED", 2)
    payment = world.start()
    for _ in range(5):
        world.tell(payment.tx_id, "PENDING")
    world.work()
    assert [row.state for row in world.inbox()] == ["done"] * 5


def test_a_queue_that_cannot_be_written_leaves_the_webhooks_as_they_came(world, monkeypatch):
    payment = world.start()
    world.tell(payment.tx_id, "PENDING")
    with monkeypatch.context() as broken:
        broken.setattr(webhooks, "queue_new", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.work()
    rollback()
    assert ([row.state for row in world.inbox()], queued()) == (["received"], [])
    world.work()
    assert [row.state for row in world.inbox()] == ["done"]


def test_staff_can_process_a_webhook_that_no_worker_has_queued(world):
    payment = world.start()
    world.tell(payment.tx_id, "PENDING")
    inbox.replay(world.inbox()[0].id, actor="staff")
    commit()
    assert [row.state for row in world.inbox()] == ["queued"]
    world.work()
    assert ([row.state for row in world.inbox()], len(queued())) == (["done"], 1)


def test_a_payment_that_moves_wakes_its_page(world, woken):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    woken.clear()
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    assert topic("payment", payment.id) in woken


def test_a_webhook_that_is_processed_again_shows_on_the_open_desk(world, woken):
    payment = world.start()
    world.tell(payment.tx_id, "PENDING")
    woken.clear()
    inbox.replay(world.inbox()[0].id, actor="staff")
    commit()
    assert topic("inbox", "all") in woken


def test_the_desk_counts_webhooks_that_wait_in_either_way(world):
    payment = world.start()
    world.tell(payment.tx_id, "PENDING")
    assert world.read(desk_queries.counts)["received"] == 1
    intakes.collect("payments")
    counts = world.read(desk_queries.counts)
    assert (counts["received"], counts["queued"]) == (0, 1)


# --- a burst --------------------------------------------------------------------------------------


@pytest.fixture
def one_by_one(monkeypatch):
    """Let a worker take one webhook at a time."""
    monkeypatch.setitem(outbox.CAPACITIES, "payments", lambda _lane: 1)


def test_webhooks_that_came_before_the_answer_settled_need_no_question_of_their_own(
    world, frozen, one_by_one
):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    for status in ("PENDING", "SUCCESS", "SETTLED"):
        world.tell(payment.tx_id, status)
    frozen.advance(SECOND)
    before = asked(world)
    world.work()
    assert asked(world) - before == 1
    assert world.status(payment.id) == "settled"
    assert world.balance("campaign:c1:escrow") == payment.amount_minor


def test_a_webhook_that_came_after_the_answer_needs_a_new_one(world, frozen):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SUCCESS")
    frozen.advance(SECOND)
    world.work()
    before = asked(world)
    world.tell(payment.tx_id, "SETTLED")
    world.work()
    assert asked(world) - before == 1


@pytest.mark.parametrize(("wait", "questions"), [(0, 1), (1, 2)])
def test_an_answer_is_too_old_after_some_seconds(world, frozen, monkeypatch, wait, questions):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "SETTLED")
    frozen.advance(SECOND)
    before = asked(world)
    turns = iter([1, 0])
    monkeypatch.setitem(outbox.CAPACITIES, "payments", lambda _lane: next(turns, 0))
    world.work()
    frozen.advance(settled_answers.REMEMBERED_FOR + wait * timedelta(microseconds=1))
    monkeypatch.setitem(outbox.CAPACITIES, "payments", lambda _lane: 1)
    world.work()
    assert asked(world) - before == questions
    assert world.status(payment.id) == "settled"


def test_a_failure_is_never_judged_by_an_earlier_answer(world, frozen, one_by_one):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SETTLED")
    world.tell(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "FAILED")
    frozen.advance(SECOND)
    before = asked(world)
    world.work()
    assert asked(world) - before == 2


def test_an_answer_that_is_not_final_is_not_remembered(world, frozen, one_by_one):
    payment = world.start()
    world.bank.set_truth(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "SUCCESS")
    world.tell(payment.tx_id, "SETTLED")
    frozen.advance(SECOND)
    before = asked(world)
    world.work()
    assert asked(world) - before == 2
