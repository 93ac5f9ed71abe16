"""Do the work: claim rows under a lease, run handlers, mark rows done with their effect."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from .. import clock
from ..db import commit, db, new_id, reading, rollback
from .models import outbox_table
from .registry import HANDLERS, QUEUES, Handler, Retry, Row

log = structlog.get_logger()
CLAIM = 100
LEASE = timedelta(seconds=30)
MAX_FAILURES = 20
_T = outbox_table


def drain(queue: str, *, limit_s: float = 20.0) -> int:
    """Do the due work of a queue until nothing is due; return how many rows were done.

    Stops after `limit_s` seconds so that a worker stays responsive; the sweeper rings again.
    """
    owner, done, until = new_id(), 0, time.monotonic() + limit_s
    while time.monotonic() < until and (rows := _claim(queue, owner)):
        for kind in dict.fromkeys(row.kind for row in rows):
            same = [row for row in rows if row.kind == kind]
            size = HANDLERS[kind].batch
            for start in range(0, len(same), size):
                done += _run(HANDLERS[kind], same[start : start + size], owner)
    return done


def drain_all(*, rounds: int = 200) -> int:
    """Do everything that is due in this process until nothing is (tests, seeder)."""
    done = 0
    for _ in range(rounds):
        now = sum(drain(queue) for queue in QUEUES)
        done += now
        if not now:
            return done
    raise RuntimeError("the outbox did not come to rest")


def due(queue: str | None, now: datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of work that is due and under no lease; of every queue for None."""
    free = sa.or_(_T.c.leased_until.is_(None), _T.c.leased_until < now)
    where = [_T.c.state == "due", _T.c.not_before <= now, free]
    return where if queue is None else [_T.c.queue == queue, *where]


def _claim(queue: str, owner: str) -> list[Row]:
    """Take up to CLAIM rows under a lease; other workers skip them."""
    now = clock.now()
    known = _T.c.kind.in_(HANDLERS)
    query = sa.select(_T.c.id).where(*due(queue, now), known).order_by(_T.c.not_before, _T.c.id)
    with reading():
        if db.session.execute(query.limit(1)).first() is None:
            db.session.remove()
            return []
        db.session.remove()
    ids = db.session.scalars(query.limit(CLAIM).with_for_update(skip_locked=True)).all()
    db.session.execute(
        sa.update(_T).where(_T.c.id.in_(ids)).values(leased_until=now + LEASE, leased_by=owner)
    )
    found = _select(ids, owner)
    commit()
    return found


def _select(ids: Sequence[str], owner: str) -> list[Row]:
    columns = (_T.c.id, _T.c.kind, _T.c.key, _T.c.payload, _T.c.attempts, _T.c.failures)
    query = sa.select(*columns).where(_T.c.id.in_(ids), _T.c.leased_by == owner, _T.c.state == "due")
    return [Row(*row) for row in db.session.execute(query.order_by(_T.c.not_before, _T.c.id))]


def _run(work: Handler, rows: list[Row], owner: str) -> int:
    """Run a handler over rows in one transaction; on failure put them back, one by one if many."""
    try:
        args: list[Any] = [work.prepare(rows)] if work.prepare else []
        db.session.remove()
        locked = sa.select(_T.c.id).where(
            _T.c.id.in_([row.id for row in rows]), _T.c.leased_by == owner, _T.c.state == "due"
        )
        mine = set(db.session.scalars(locked.order_by(_T.c.id).with_for_update()))
        rows = [row for row in rows if row.id in mine]
        if rows:
            work.run(rows, *args)
            db.session.execute(
                sa.update(_T)
                .where(_T.c.id.in_([row.id for row in rows]))
                .values(state="done", done_at=clock.now(), leased_until=None)
            )
        commit()
    except Exception as error:  # noqa: BLE001 - whatever a handler raises, its rows go back
        rollback()
        if len(rows) == 1:
            _put_back(rows[0], owner, error)
            return 0
        return sum(_run(work, [row], owner) for row in rows)
    finally:
        db.session.remove()
    return len(rows)


def _put_back(row: Row, owner: str, error: Exception) -> None:
    """Give a row another try later, or none after too many failures ("not yet" is no failure)."""
    failures = row.failures
    if isinstance(error, Retry):
        delay_s, why = error.delay_s, str(error)
    else:
        log.exception("outbox.failed", kind=row.kind, key=row.key)
        failures += 1
        delay_s, why = min(2.0**failures, 300.0), repr(error)
    values = {
        "attempts": row.attempts + 1, "failures": failures, "last_error": why[:500], "leased_until": None,
        "not_before": clock.now() + timedelta(seconds=delay_s),
        "state": "dead" if failures >= MAX_FAILURES else "due",
    }  # fmt: skip
    mine = sa.and_(_T.c.id == row.id, _T.c.leased_by == owner, _T.c.state == "due")
    db.session.execute(sa.update(_T).where(mine).values(values))
    commit()
