"""What is late: due for long while the platform ran,
not while it was stopped or its machine slept."""

from datetime import timedelta

import pytest

from crowdfund.kernel import clock, health, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.outbox import lateness
from crowdfund.kernel.outbox.heartbeats import forget_last
from crowdfund.reports import proofs, queries, service

QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@pytest.fixture
def running(app, frozen, registers, monkeypatch):
    """A platform whose relay has run for an hour, with one piece of work that is due."""
    monkeypatch.setattr(health, "CACHED_S", 0.0)
    sweep(restarted=True)
    for _ in range(60):
        frozen.advance(timedelta(minutes=1))
        sweep()
    outbox.add("notifications.send", "due", {"message_id": "none"})
    commit()
    return frozen


def sweep(*, restarted=False):
    forget_last()
    if restarted:
        lateness.forget_sweep()
    outbox.tick()


def run_on(clock, span):
    """Let time pass with a relay that sweeps."""
    for _ in range(int(span / timedelta(minutes=1))):
        clock.advance(timedelta(minutes=1))
        sweep()


def complaints():
    db.session.remove()
    found = [*service.selfcheck(), *proofs.problems()]
    return {line for line in found if line.startswith("I10")}


def late_queues():
    db.session.remove()
    return [reason.code for reason in health.reasons() if reason.code.startswith("queue_late")]


LATE = {"I10 1 × notifications.send in the outbox is unfinished"}


def test_work_that_waits_for_a_quarter_of_an_hour_while_the_relay_runs_is_late(running):
    run_on(running, QUARTER)
    assert complaints() == set()
    run_on(running, timedelta(minutes=1))
    assert complaints() == LATE
    assert queries.work_counts()["unfinished"] == 1


def test_what_a_busy_path_has_stored_is_late_like_work_when_no_worker_takes_it_up(running):
    came = clock.now()
    outbox.INTAKES["payments"] = outbox.Intake(lambda: 0, lambda: came)
    run_on(running, QUARTER)
    assert complaints() == set()
    run_on(running, timedelta(minutes=1))
    assert complaints() == LATE | {"I10 work for the queue payments has come and is not taken up"}


@pytest.mark.parametrize(
    "restarted", [True, False], ids=["stopped and started again", "machine slept"]
)
def test_nothing_is_late_when_the_platform_comes_back_after_a_pause(running, restarted):
    """The first self-check after a pause found everything late and showed that for ten minutes."""
    running.advance(timedelta(hours=8))
    sweep(restarted=restarted)
    assert complaints() == set()
    assert late_queues() == []
    assert queries.work_counts()["unfinished"] == 0
    assert queries.work(state="unfinished").rows == []


def test_work_that_still_waits_a_quarter_of_an_hour_after_the_pause_is_late(running):
    running.advance(timedelta(hours=8))
    sweep()
    run_on(running, QUARTER)
    assert complaints() == set()
    run_on(running, timedelta(minutes=1))
    assert complaints() == LATE
    assert late_queues() == [f"queue_late:{outbox.HANDLERS['notifications.send'].queue}"]


def test_a_self_check_that_wakes_before_the_relay_does_not_judge(running):
    running.advance(timedelta(hours=8))
    assert [line for line in service.selfcheck() if line.startswith("I10")] == []


def test_while_the_relay_is_away_for_good_work_is_late_by_the_clock(running):
    """Only a periodic self-check is held back;
    whoever looks at the desk or runs a full one sees it."""
    running.advance(QUARTER + SECOND)
    assert queries.work_counts()["unfinished"] == 1
    assert [line for line in proofs.problems() if line.startswith("I10")] == list(LATE)
    assert late_queues() != []


def test_a_second_relay_that_starts_does_not_make_late_work_punctual(running):
    run_on(running, QUARTER + timedelta(minutes=1))
    sweep(restarted=True)
    assert complaints() == LATE


def test_a_clock_that_was_ahead_does_not_hide_late_work(running):
    running.advance(timedelta(days=1))
    sweep()
    running.advance(timedelta(days=-1))
    sweep()
    run_on(running, QUARTER + timedelta(minutes=1))
    assert complaints() == LATE


def test_work_that_was_given_up_is_named_at_once_after_a_pause(running):
    running.advance(timedelta(hours=8))
    sweep()
    db.session.execute(outbox.outbox_table.update().values(state="dead"))
    commit()
    assert complaints() == LATE
