"""Work is done once: whatever raises, dies, comes twice or loses its bell."""

import sqlite3
import threading
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, insert_ignore, patience, rollback
from crowdfund.kernel.outbox import Schedule
from tests.together import at_once

_T = outbox.outbox_table


def add(kind, *keys, **how):
    for key in keys:
        outbox.add(kind, key, {"key": key}, **how)
    commit()


def states():
    rollback()
    return {row.key: row.state for row in db.session.execute(sa.select(_T))}


def row(key):
    rollback()
    return db.session.execute(sa.select(_T).where(_T.c.key == key)).one()


def effect(name):
    """Leave a mark in the same transaction."""
    assert insert_ignore(Schedule.__table__, [{"name": name, "next_at": clock.now()}]) == 1


def effects():
    rollback()
    return sorted(db.session.scalars(sa.select(Schedule.name)))


@pytest.fixture
def seen(app, frozen, registers):
    """Keys in the order in which a plain handler got them."""
    done = []

    @outbox.handler("test.note")
    def note(rows):
        done.extend(one.payload["key"] for one in rows)

    return done


def test_a_handler_runs_once_and_in_order(seen):
    add("test.note", "a", "b", "c")
    assert outbox.drain("default") == 3
    assert outbox.drain("default") == 0
    assert seen == ["a", "b", "c"]
    assert row("a").done_at == clock.now()


def test_nothing_runs_before_its_transaction_is_committed(seen):
    outbox.add("test.note", "a", {"key": "a"})
    rollback()
    assert (outbox.drain_all(), seen) == (0, [])


def test_the_same_key_is_the_same_work(seen):
    assert outbox.add("test.note", "a", {"key": "a"}) is True
    assert outbox.add("test.note", "a", {"key": "other"}) is False
    commit()
    outbox.drain_all()
    assert outbox.add("test.note", "a", {"key": "again"}) is False
    commit()
    outbox.drain_all()
    assert seen == ["a"]


def test_a_key_that_does_not_fit_is_refused_instead_of_being_cut_to_another(seen):
    with pytest.raises(ValueError, match="longer than 160"):
        outbox.add("test.note", "x" * 161)


def test_work_for_a_kind_that_nobody_knows_cannot_be_added(seen):
    with pytest.raises(KeyError):
        outbox.add("test.nobody", "a")


def test_work_waits_for_its_time(seen, frozen):
    add("test.note", "later", not_before=clock.now() + timedelta(hours=1))
    assert outbox.drain_all() == 0
    frozen.advance(timedelta(hours=1))
    assert (outbox.drain_all(), seen) == (1, ["later"])


def test_an_exception_puts_the_row_back_with_growing_delay_and_leaves_others_alone(seen, frozen):
    @outbox.handler("test.break")
    def break_down(rows):
        effect("half done")
        raise ValueError("broken")

    add("test.break", "bad")
    add("test.note", "good")
    delays = []
    for _ in range(10):
        outbox.drain_all()
        delays.append((row("bad").not_before - clock.now()).total_seconds())
        frozen.set(row("bad").not_before)
    assert seen == ["good"]
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert effects() == []
    assert (row("bad").attempts, row("bad").failures, "broken" in row("bad").last_error) == (
        10,
        10,
        True,
    )


def test_after_too_many_failures_a_row_is_dead_until_somebody_revives_it(seen, frozen):
    broken = [True]

    @outbox.handler("test.flaky")
    def flaky(rows):
        if broken:
            raise ValueError("broken")

    add("test.flaky", "a")
    for _ in range(outbox.MAX_FAILURES + 3):
        outbox.drain_all()
        frozen.advance(timedelta(minutes=6))
    assert states() == {"a": "dead"}
    assert row("a").failures == outbox.MAX_FAILURES
    broken.clear()
    outbox.revive(row("a").id)
    commit()
    outbox.drain_all()
    assert states() == {"a": "done"}
    outbox.revive(row("a").id)
    commit()
    assert states() == {"a": "done"}


def test_not_yet_is_no_failure_however_often_it_is_said(seen, frozen):
    answers = []

    @outbox.handler("test.patient")
    def patient(rows):
        answers.append(rows[0].attempts)
        if len(answers) <= 50:
            raise outbox.Retry(7, "not yet")
        if len(answers) == 51:
            raise ValueError("one real failure")

    add("test.patient", "a")
    for _ in range(60):
        outbox.drain_all()
        frozen.advance(timedelta(seconds=7))
    assert answers == list(range(52))
    assert states() == {"a": "done"}


def test_one_bad_row_of_a_batch_does_not_hold_up_the_others(seen):
    sizes = []

    @outbox.handler("test.batch", batch=10)
    def batch(rows):
        sizes.append(len(rows))
        for one in rows:
            effect(one.key)
            if one.key == "bad":
                raise ValueError("bad")

    add("test.batch", "a", "b", "bad", "c")
    assert outbox.drain("default") == 3
    assert sizes == [4, 1, 1, 1, 1]
    assert effects() == ["a", "b", "c"]
    assert states() == {"a": "done", "b": "done", "bad": "due", "c": "done"}


def test_one_not_yet_of_a_batch_does_not_hold_up_the_others(seen):
    @outbox.handler("test.batch", batch=10)
    def batch(rows):
        if any(one.key == "b" for one in rows):
            raise outbox.Retry(60, "not yet")

    add("test.batch", "a", "b", "c")
    assert outbox.drain("default") == 2
    assert states() == {"a": "done", "b": "due", "c": "done"}
    assert row("b").failures == 0


def test_a_batch_is_never_larger_than_asked_for(seen):
    sizes = []
    outbox.handler("test.batch", batch=30)(lambda rows: sizes.append(len(rows)))
    add("test.batch", *(f"k{n:03}" for n in range(130)))
    assert outbox.drain("default") == 130
    assert (max(sizes), sum(sizes)) == (30, 130)


def test_a_worker_killed_between_effect_and_commit_leaves_no_effect_and_another_takes_over(
    seen, frozen
):
    attempts = []

    @outbox.handler("test.deadly")
    def deadly(rows):
        effect("once")
        attempts.append(rows[0].attempts)
        if len(attempts) == 1:
            raise SystemExit("killed")

    add("test.deadly", "a")
    with pytest.raises(SystemExit):
        outbox.drain("default")
    assert effects() == []
    assert outbox.drain("default") == 0  # the lease of the dead one still holds
    assert outbox.due_queues() == []
    frozen.advance(outbox.LEASE + timedelta(seconds=1))
    assert outbox.due_queues() == ["default"]
    assert outbox.drain("default") == 1
    assert effects() == ["once"]


def test_a_worker_whose_lease_ran_out_does_nothing_more(seen, frozen, app):
    """The slow one is overtaken while it asks the outside world."""
    taken = []

    def slow(rows):
        frozen.advance(outbox.LEASE + timedelta(seconds=1))
        if not taken:
            taken.append("by another")
            assert at_once(app, [lambda: outbox.drain("default")]) == [1]

    @outbox.handler("test.slow", prepare=slow)
    def finish(rows, _answer):
        effect("once")

    add("test.slow", "a")
    assert outbox.drain("default") == 0
    assert effects() == ["once"]
    assert states() == {"a": "done"}


def test_what_is_prepared_runs_without_a_transaction_and_its_answer_is_handed_on(seen, app):
    def prepare(rows):
        assert not db.session().in_transaction()
        assert at_once(app, [lambda: effect("somebody else writes")]) == [None]
        return {one.key: one.key.upper() for one in rows}

    @outbox.handler("test.prepared", batch=5, prepare=prepare)
    def finish(rows, answers):
        seen.extend(answers[one.key] for one in rows)

    add("test.prepared", "a", "b")
    assert outbox.drain("default") == 2
    assert seen == ["A", "B"]


def test_a_failed_preparation_puts_the_row_back(seen):
    def prepare(rows):
        raise ConnectionError("the bank does not answer")

    outbox.handler("test.prepared", prepare=prepare)(lambda rows, answers: seen.append("never"))
    add("test.prepared", "a")
    assert outbox.drain("default") == 0
    assert (seen, "ConnectionError" in row("a").last_error) == ([], True)


THING = outbox.Subject("thing", "1")


@dataclass(frozen=True, kw_only=True)
class Happened(outbox.Event, name="test.happened"):
    n: int
    subject: outbox.Subject = THING


@dataclass(frozen=True, kw_only=True)
class Unheard(outbox.Event, name="test.unheard"):
    pass


def test_an_event_is_queued_only_for_subscribers_that_want_it(seen):
    @outbox.on(Happened, where=lambda event: event.n > 1)
    def large(events):
        seen.extend(events)

    @outbox.on(Happened, where=lambda event: event.subject.kind == "other")
    def other(events):
        raise AssertionError("not of this kind")

    events = [Happened(key=str(n), n=n) for n in (1, 2, 3)]
    outbox.emit_many(events)
    commit()
    assert outbox.drain("default") == 2
    assert seen == events[1:]


def test_an_event_whose_payload_is_not_its_own_is_tried_again_and_shown(seen):
    @outbox.on(Happened)
    def first(events):
        seen.extend(events)

    [kind] = outbox.SUBSCRIBERS["test.happened"]
    outbox.add(kind, f"{kind}:1", {"n": "many"})
    commit()
    assert outbox.drain("default") == 0
    assert (seen, "valid integer" in row(f"{kind}:1").last_error) == ([], True)


def test_an_event_reaches_each_subscriber_once(seen):
    @outbox.on(Happened)
    def first(events):
        seen.extend(("first", event.key, event.n) for event in events)

    @outbox.on(Happened, queue="messages", batch=10)
    def second(events):
        seen.extend(("second", event.key, event.n) for event in events)

    for _ in range(2):
        outbox.emit(Happened(key="1", n=1))
    outbox.emit(Unheard(key="1"))
    commit()
    outbox.drain_all()
    assert sorted(seen) == [("first", "1", 1), ("second", "1", 1)]


def test_a_subscriber_that_fails_does_not_cost_the_other_its_event(seen):
    @outbox.on(Happened)
    def broken(events):
        raise ValueError("broken")

    @outbox.on(Happened)
    def sound(events):
        seen.append("sound")

    outbox.emit(Happened(key="1", n=1))
    commit()
    outbox.drain_all()
    assert seen == ["sound"]


def test_two_handlers_for_one_kind_are_refused(registers):
    outbox.HANDLERS["test.taken"] = outbox.HANDLERS["notifications.send"]
    with pytest.raises(RuntimeError, match="two handlers"):
        outbox.handler("test.taken")(lambda rows: None)


def test_queues_are_drained_apart(seen):
    outbox.handler("test.mail", queue="messages")(lambda rows: seen.append("mail"))
    add("test.mail", "m")
    add("test.note", "n")
    assert sorted(outbox.due_queues()) == ["default", "messages"]
    assert (outbox.drain("default"), seen) == (1, ["n"])
    assert outbox.due_queues() == ["messages"]


def test_the_sweeper_finds_what_lost_its_bell_but_not_what_is_not_due(seen, frozen):
    add("test.note", "now")
    add("test.note", "later", not_before=clock.now() + timedelta(minutes=1))
    assert outbox.due_queues() == ["default"]
    outbox.drain("default")
    assert outbox.due_queues() == []
    frozen.advance(timedelta(minutes=1))
    assert outbox.due_queues() == ["default"]


def test_many_workers_at_once_do_each_row_once(seen, app):
    @outbox.handler("test.race", batch=7)
    def race(rows):
        for one in rows:
            effect(one.key)

    add("test.race", *(f"k{n:03}" for n in range(150)))
    done = at_once(app, [lambda: outbox.drain("default")] * 4)
    rest = outbox.drain("default")
    assert sum(done) + rest == 150
    assert len(effects()) == 150
    assert set(states().values()) == {"done"}
    assert db.session.scalar(sa.select(sa.func.sum(_T.c.failures))) == 0


def test_a_tick_is_added_when_it_is_due_and_never_piles_up(seen, frozen):
    outbox.every(60, "test.tick")(lambda: seen.append("tick"))
    assert outbox.tick() == 1
    assert outbox.tick() == 0
    frozen.advance(timedelta(seconds=61))
    assert outbox.tick() == 0  # the earlier one was not done yet
    assert outbox.drain_all() == 1
    frozen.advance(timedelta(seconds=61))
    assert outbox.tick() == 1
    outbox.drain_all()
    assert seen == ["tick", "tick"]


def test_two_schedulers_at_once_add_a_tick_once(seen, frozen, app):
    outbox.every(60, "test.tick")(lambda: None)
    outbox.every(60, "test.tock", queue="messages")(lambda: None)
    assert sum(at_once(app, [outbox.tick] * 4)) == 2
    outbox.drain_all()
    frozen.advance(timedelta(seconds=61))
    assert sum(at_once(app, [outbox.tick] * 4)) == 2


DAY = timedelta(days=1)


def test_a_clock_that_was_ahead_for_a_moment_stops_no_duty(seen, frozen):
    outbox.every(60, "test.tick")(lambda: seen.append("tick"))
    outbox.tick()
    outbox.drain_all()
    frozen.advance(DAY)
    outbox.tick()
    outbox.drain_all()
    frozen.advance(-DAY + timedelta(seconds=20))
    for _ in range(5):
        frozen.advance(timedelta(seconds=61))
        outbox.tick()
        outbox.drain_all()
    assert seen == ["tick"] * 7


def test_a_clock_that_went_back_by_less_than_a_minute_does_no_duty_twice(seen, frozen):
    outbox.every(60, "test.tick")(lambda: seen.append("tick"))
    outbox.tick()
    outbox.drain_all()
    frozen.advance(timedelta(seconds=-59))
    outbox.tick()
    outbox.drain_all()
    assert seen == ["tick"]


def test_work_that_was_added_claimed_or_put_off_while_the_clock_was_ahead_is_done(seen, frozen):
    answers = [SystemExit("killed"), outbox.Retry(60, "not yet")]

    @outbox.handler("test.once")
    def once(rows):
        if answers:
            raise answers.pop(0)
        seen.extend(one.payload["key"] for one in rows)

    outbox.every(60, "test.tick", queue="messages")(lambda: None)
    outbox.tick()
    frozen.advance(DAY)
    outbox.tick()  # the relay works on while the clock is wrong
    add("test.once", "held")
    with pytest.raises(SystemExit):
        outbox.drain("default")
    add("test.once", "put off")
    outbox.drain("default")
    add("test.note", "new")
    add("test.note", "in an hour", not_before=clock.now() + timedelta(hours=1))
    frozen.advance(-DAY)
    outbox.tick()
    outbox.drain_all()
    frozen.advance(timedelta(seconds=61))
    outbox.drain_all()
    assert sorted(seen) == ["held", "new", "put off"]
    frozen.advance(timedelta(hours=1))
    outbox.drain_all()
    assert sorted(seen) == ["held", "in an hour", "new", "put off"]


def test_a_second_try_is_not_put_off_by_an_hour_with_a_clock_that_was_an_hour_ahead(seen, frozen):
    answers = [ConnectionError("the bank refuses our time"), None]

    @outbox.handler("test.once")
    def once(rows):
        if answer := answers.pop(0):
            raise answer
        seen.append("done")

    outbox.every(60, "test.tick", queue="messages")(lambda: None)
    outbox.tick()
    add("test.once", "before the jump")
    frozen.advance(timedelta(hours=1))
    outbox.tick()
    outbox.drain("default")
    frozen.advance(-timedelta(hours=1))
    outbox.tick()
    outbox.drain_all()
    assert seen == ["done"]


def test_work_that_is_rightly_due_in_a_month_is_not_done_early_by_a_clock_that_was_ahead(
    seen, frozen
):
    outbox.every(60, "test.tick", queue="messages")(lambda: None)
    add("test.note", "in a month", not_before=clock.now() + timedelta(days=30))
    frozen.advance(DAY)
    outbox.tick()
    frozen.advance(-DAY)
    outbox.tick()
    frozen.advance(timedelta(days=29))
    outbox.drain_all()
    assert seen == []


def old_rows(count, *, kind="test.note", age=timedelta(days=31)):
    done = clock.now() - age
    db.session.execute(
        sa.insert(_T),
        [
            {
                "id": f"{kind[:8]}{n:08}",
                "queue": "default",
                "kind": kind,
                "key": f"{kind}:{n}",
                "payload": {},
                "state": "done",
                "not_before": done,
                "created_at": done,
                "done_at": done,
                "attempts": 0,
                "failures": 0,
            }
            for n in range(count)
        ],
    )
    commit()


def test_the_purge_removes_all_that_is_old_in_one_turn_however_much_there_is(seen):
    old_rows(12_345)
    old_rows(5, kind="outbox.beat.chain", age=timedelta(hours=2))
    old_rows(7, kind="test.batch", age=timedelta(days=29))
    outbox.every(60, "outbox.beat.chain")(lambda: None)
    outbox.handler("test.batch")(lambda rows: None)
    outbox.add("outbox.purge", "now")
    commit()
    outbox.drain_all()
    left = db.session.execute(sa.select(_T.c.kind, sa.func.count()).group_by(_T.c.kind)).all()
    assert sorted(tuple(row) for row in left) == [("outbox.purge", 1), ("test.batch", 7)]


def test_a_purge_whose_time_is_over_goes_on_soon(seen, frozen, monkeypatch):
    monkeypatch.setattr(outbox.purging.purge, "__kwdefaults__", {"budget_s": 0.0, "at_once": 100})
    old_rows(250)
    outbox.add("outbox.purge", "now")
    commit()
    turns = 0
    while outbox.drain_all():
        turns += 1
        frozen.advance(outbox.purging.PAUSE)
    assert turns == 4  # 100, 100, 50, and nothing more
    assert db.session.scalar(sa.select(sa.func.count()).where(_T.c.kind == "test.note")) == 0


def test_what_is_not_done_is_never_purged(seen):
    add("test.note", "late")
    old = clock.now() - timedelta(days=400)
    db.session.execute(sa.update(_T).values(state="dead", created_at=old))
    commit()
    assert outbox.purge() == (0, False)
    assert states() == {"late": "dead"}


def test_a_purge_that_finds_nothing_takes_no_lock(seen, database_kind):
    if database_kind != "sqlite":
        pytest.skip("has no lock on the whole database")
    add("test.note", "young")
    with sqlite3.connect(db.engine.url.database, isolation_level=None) as other, patience(0.1):
        other.execute("BEGIN IMMEDIATE")
        assert outbox.purge() == (0, False)
        other.execute("ROLLBACK")


def test_a_purge_finds_what_is_old_by_an_index_of_it(seen, database_kind):
    if database_kind != "sqlite":
        pytest.skip("another planner")
    kinds = [f"test.{n}" for n in range(100)]
    asked = outbox.purging.OLD.params(kinds=kinds, before=clock.now(), most=10)
    text = str(asked.compile(db.engine, compile_kwargs={"render_postcompile": True}))
    with db.engine.connect() as connection:
        values = (*["x"] * (text.count("?") - 1), 10)
        [step] = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
    assert "ix_outbox_kind_done_at (kind=? AND done_at<?)" in step[-1]


def test_work_of_a_lane_is_prepared_in_a_thread_and_in_order_in_none(app, frozen, registers):
    threads = []

    def prepare(_rows):
        threads.append(threading.current_thread())

    outbox.handler("test.slow", prepare=prepare)(lambda rows, _found: None)
    add("test.slow", "a", "b", lane="bank")
    assert outbox.drain_all() == 2
    assert all(one is not threading.current_thread() for one in threads)
    threads.clear()
    add("test.slow", "c", "d", lane="bank")
    assert outbox.drain_all(in_order=True) == 2
    assert threads == [threading.current_thread()] * 2


def test_in_order_no_time_ends_a_drain(seen):
    add("test.note", "a", "b")
    assert outbox.drain("default", limit_s=0, in_order=True) == 2
    add("test.note", "c")
    assert outbox.drain("default", limit_s=0) == 0
