"""Who works on rows keeps them for as long as the work lasts, and a slow lane holds up no other."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.outbox import leases
from tests.together import at_once

_T = outbox.outbox_table
NEARLY = outbox.LEASE - timedelta(seconds=1)
PATIENCE_S = 20


def add(kind, *keys, lane="", **how):
    for key in keys:
        outbox.add(kind, key, {"key": key}, lane=lane, **how)
    commit()


def row(key):
    rollback()
    found = db.session.execute(sa.select(_T).where(_T.c.key == key)).one()
    rollback()
    return found


def states():
    rollback()
    found = {one.key: one.state for one in db.session.execute(sa.select(_T))}
    rollback()
    return found


@pytest.fixture
def done(app, frozen, registers):
    """Keys in the order in which their handlers finished."""
    return []


def handle(done, kind, **how):
    def finish(rows, *_answer):
        done.extend(one.payload["key"] for one in rows)

    outbox.handler(kind, **how)(finish)


def renew_all():
    return sum(holder.renew() for holder in list(leases._renewer._holders))


# --- leases ---------------------------------------------------------------------------------------


def test_work_that_takes_three_leases_is_not_taken_by_another_and_is_done_once(done, frozen, app):
    def slow(rows):
        for _ in range(3):
            frozen.advance(NEARLY)
            assert renew_all() == 2
            assert outbox.due_queues() == []
            assert at_once(app, [lambda: outbox.drain("default")]) == [0]

    handle(done, "test.slow", batch=2, prepare=slow)
    add("test.slow", "a", "b")
    assert outbox.drain("default") == 2
    assert done == ["a", "b"]


def test_rows_that_wait_for_their_turn_in_the_same_claim_are_kept_as_well(done, frozen, app):
    held = []

    def slow(rows):
        frozen.advance(NEARLY)
        held.append(renew_all())

    handle(done, "test.slow", prepare=slow)
    add("test.slow", "a", "b", "c")
    assert outbox.drain("default") == 3
    assert held == [3, 2, 1]


def test_the_renewer_renews_by_itself(done, frozen, app, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.01)
    monkeypatch.setattr(leases, "_renewer", leases._Renewer())
    moved = threading.Event()
    renew = leases.LeaseHolder.renew

    def renewed(holder):
        count = renew(holder)
        moved.set()
        return count

    monkeypatch.setattr(leases.LeaseHolder, "renew", renewed)

    ends = []

    def slow(rows):
        frozen.advance(NEARLY)
        for _ in range(2):  # the second one began after the clock had moved
            moved.clear()
            assert moved.wait(PATIENCE_S)
        ends.append(row("a").leased_until)

    outbox.handler("test.slow", prepare=slow)(lambda rows, _answer: None)
    add("test.slow", "a")
    assert outbox.drain("default") == 1
    assert ends == [clock.now() + outbox.LEASE]


def test_rows_that_are_done_or_put_back_are_renewed_no_longer(done, frozen):
    @outbox.handler("test.not-yet")
    def not_yet(rows):
        raise outbox.Retry(7, "not yet")

    holders = []
    handle(done, "test.look", prepare=lambda rows: holders.extend(leases._renewer._holders))
    add("test.not-yet", "a")
    add("test.look", "b")
    outbox.drain("default")
    assert [holder._held for holder in holders] == [{}]
    assert leases._renewer._holders == set()
    assert row("a").leased_until is None


def test_whoever_hangs_for_ever_loses_its_rows_in_the_end(done, frozen, app, monkeypatch):
    monkeypatch.setattr(leases, "MOST_HELD_S", -1)
    hung = []

    def slow(rows):
        if not hung:
            hung.append(rows)
            assert renew_all() == 0
            frozen.advance(outbox.LEASE + timedelta(seconds=1))
            assert at_once(app, [lambda: outbox.drain("default")]) == [1]

    handle(done, "test.slow", prepare=slow)
    add("test.slow", "a")
    assert outbox.drain("default") == 0
    assert done == ["a"]


# --- lanes ----------------------------------------------------------------------------------------


def test_a_slow_lane_holds_up_neither_another_lane_nor_work_without_one(done):
    others = threading.Event()

    def slow(rows):
        # both others are done while this one is still being prepared
        assert others.wait(PATIENCE_S)

    def finish(rows, *_answer):
        done.extend(one.payload["key"] for one in rows)
        if {"plain", "fast"} <= set(done):
            others.set()

    outbox.handler("test.slow", prepare=slow)(finish)
    outbox.handler("test.fast", prepare=lambda rows: None)(finish)
    outbox.handler("test.plain")(finish)
    add("test.slow", "slow", lane="slow")
    add("test.fast", "fast", lane="fast")
    add("test.plain", "plain")
    assert outbox.drain("default") == 3
    assert done[2] == "slow"


def test_a_lane_is_prepared_without_a_transaction_and_with_a_session_of_its_own(done, app):
    sessions = []

    def prepare(rows):
        sessions.append(db.session())
        assert not db.session().in_transaction()
        return {one.key: one.key.upper() for one in rows}

    @outbox.handler("test.prepared", batch=5, prepare=prepare)
    def finish(rows, answers):
        assert db.session() is not sessions[0]
        done.extend(answers[one.key] for one in rows)

    add("test.prepared", "a", "b", lane="bank")
    assert outbox.drain("default") == 2
    assert done == ["A", "B"]


def test_rows_for_which_there_was_no_time_go_back_as_if_nobody_had_taken_them(done):
    rounds = []

    def in_parts(rows):
        rounds.append(len(rows))
        return outbox.Partial(None, frozenset(one.id for one in rows[2:]))

    handle(done, "test.parts", batch=10, prepare=in_parts)
    add("test.parts", "a", "b", "c", "d", "e", lane="bank")
    assert outbox.drain("default") == 5
    assert (sorted(done), rounds[0]) == (["a", "b", "c", "d", "e"], 5)
    assert {row(key).attempts for key in "abcde"} == {0}


def test_no_more_is_taken_for_a_lane_than_it_can_do(done, monkeypatch):
    monkeypatch.setitem(outbox.CAPACITIES, "default", {"slow": 3, "away": 0}.__getitem__)
    sizes = []
    handle(done, "test.sized", batch=10, prepare=lambda rows: sizes.append(len(rows)))
    handle(done, "test.plain")
    add("test.sized", *(f"s{n}" for n in range(7)), lane="slow")
    add("test.sized", "away", lane="away")
    add("test.plain", *(f"p{n}" for n in range(5)))
    assert outbox.drain("default") == 12
    assert sorted(sizes) == [1, 3, 3]
    assert states()["away"] == "due"
    assert row("away").leased_until is None


def test_a_long_queue_of_one_lane_keeps_the_newest_row_of_another_waiting_for_one_batch_only(done):
    handle(done, "test.batch", batch=500, prepare=lambda rows: None)
    add("test.batch", *(f"old{n:04}" for n in range(1_500)), lane="busy")
    add("test.batch", "new", lane="quiet")
    assert outbox.drain("default") == 1_501
    assert done.index("new") <= 500


def test_a_failed_preparation_of_one_row_does_not_cost_the_others_of_its_lane(done):
    def prepare(rows):
        if any(one.key == "bad" for one in rows):
            raise ValueError("bad")

    handle(done, "test.prepared", batch=10, prepare=prepare)
    add("test.prepared", "a", "bad", "b", lane="bank")
    assert outbox.drain("default") == 2
    assert sorted(done) == ["a", "b"]
    assert (row("bad").failures, row("a").failures) == (1, 0)


def test_a_lane_that_is_still_being_prepared_at_the_end_of_the_time_is_waited_for(done):
    handle(done, "test.batch", batch=10, prepare=lambda rows: None)
    add("test.batch", "a", lane="bank")
    started = threading.Event()
    outbox.handler("test.first", prepare=lambda rows: started.set())(lambda rows, _answer: None)
    add("test.first", "first", lane="bank")
    assert outbox.drain("default", limit_s=0) == 0
    assert outbox.drain("default") == 2
