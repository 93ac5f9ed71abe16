"""When due work is late: after a wait, counted only while the platform runs.

A platform that was stopped, or whose machine slept, finds everything overdue when it comes back. It
catches up within seconds, so that is no alarm. The relay notes since when it runs without a gap,
and waiting counts from then on. While the relay is silent, ordinary time counts: then nothing is
worked on.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.clock import CLOCKS_DIFFER
from crowdfund.kernel.db import db
from crowdfund.kernel.outbox import intakes
from crowdfund.kernel.outbox.heartbeats import RELAY, beats, write
from crowdfund.kernel.outbox.models import Outbox
from crowdfund.kernel.outbox.registry import INTAKES, QUEUES

SILENT_AFTER = timedelta(seconds=120)  # four heartbeats
RUNNING_SINCE = "relay since"
_T = Outbox.__table__
_swept: list[datetime] = []  # when this process last swept


def note_start() -> None:
    """Record in the current transaction that the relay has started, if it was away for a while."""
    now = clock.now()
    if _swept and abs(now - _swept[0]) < SILENT_AFTER:
        return
    at = beats().get(RELAY)
    if at is None or abs(now - at) > SILENT_AFTER:
        write(RUNNING_SINCE, now)


def note_sweep() -> None:
    """Remember that this process has just swept."""
    _swept[:] = [clock.now()]


def relay_is_silent(known: dict[str, datetime] | None = None) -> bool:
    """Return whether a relay that has worked before does not work now."""
    at = (beats() if known is None else known).get(RELAY)
    return at is not None and at < clock.now() - SILENT_AFTER


def late(wait: timedelta) -> sa.ColumnElement[bool]:
    """Return the condition of work that was due for longer than `wait` while the relay ran."""
    if _has_just_started(wait):
        return sa.false()
    return sa.and_(_T.c.state == "due", _T.c.not_before < clock.now() - wait)


def overdue(wait: timedelta) -> dict[str, datetime]:
    """Return for each queue with late work since when its oldest work is due."""
    if _has_just_started(wait):
        return {}
    found = {}
    for queue in QUEUES:
        due = sa.select(sa.func.min(_T.c.not_before)).where(
            _T.c.state == "due", _T.c.queue == queue
        )
        waiting = [moment for moment in (db.session.scalar(due), intakes.oldest(queue)) if moment]
        if waiting and min(waiting) < clock.now() - wait:
            found[queue] = min(waiting)
    return found


def unqueued(wait: timedelta) -> list[str]:
    """Return the queues with work that arrived longer ago than `wait` and was not added yet."""
    if _has_just_started(wait):
        return []
    long_ago = clock.now() - wait
    return [queue for queue in INTAKES if (came := intakes.oldest(queue)) and came < long_ago]


def _has_just_started(wait: timedelta) -> bool:
    now, known = clock.now(), beats()
    since = known.get(RUNNING_SINCE)
    is_new = since is not None and now - wait <= since <= now + CLOCKS_DIFFER
    return is_new and not relay_is_silent(known)


def forget_sweep() -> None:
    """Let this process look like one that has just started (tests)."""
    _swept.clear()
