"""Heartbeats: each background process says in SQL that its work still goes through.

A worker that is alive but fails at every job must not look well, so the beat of a queue is work
like any other: the relay adds it, Redis carries it, a worker does it and writes the row.
"""

import time
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.clock import CLOCKS_DIFFER
from crowdfund.kernel.db import db, insert_ignore, rows_changed
from crowdfund.kernel.outbox.models import Heartbeat, Outbox
from crowdfund.kernel.outbox.registry import QUEUES, every

RELAY = "relay"
BEAT_S = 30.0
AT_MOST_EVERY_S = 10.0
_H, _T = Heartbeat.__table__, Outbox.__table__
_last: dict[str, tuple[float, datetime]] = {}  # by real time and by the platform's


def beat(name: str) -> bool:
    """Note in the current transaction that a process has worked; return whether a row was written.

    A process writes at most every 10 s for each name, and at once when its clock has jumped.
    """
    now, at = time.monotonic(), clock.now()
    last, last_at = _last.get(name, (now - AT_MOST_EVERY_S, at))
    if now - last < AT_MOST_EVERY_S and abs(at - last_at) < CLOCKS_DIFFER:
        return False
    _last[name] = now, at
    write(name, at)
    return True


def write(name: str, at: datetime) -> None:
    """Write a moment under a name, in the current transaction."""
    if not rows_changed(sa.update(_H).where(_H.c.name == name).values(at=at)):
        insert_ignore(_H, [{"name": name, "at": at}])


def worker_name(queue: str) -> str:
    """Return the name under which the workers of a queue beat."""
    return f"worker {queue}"


def beats() -> dict[str, datetime]:
    """Return when each process last worked."""
    return {row.name: row.at for row in db.session.execute(sa.select(_H.c.name, _H.c.at))}


def dead(*, most: int = 1_000) -> int:
    """Return how many rows were given up, counted up to `most`."""
    rows = sa.select(_T.c.id).where(_T.c.state == "dead").limit(most).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0


def forget_last() -> None:
    """Let the next beat of this process be written at once (tests)."""
    _last.clear()


for _queue in QUEUES:
    # the drain beats after any work
    every(BEAT_S, f"outbox.beat.{_queue}", queue=_queue)(lambda: None)
