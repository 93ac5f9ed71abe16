"""Leases: who works on rows holds them for a while, and renews that for as long as the work lasts.

A lease protects against a worker that died, so it is short. Work may take longer (a bank of nine
seconds an answer, times a hundred rows): without renewal two workers would take the rows from each
other for ever, and none would come to its end. Processes live in real time, and so do leases: a
moved clock neither ends nor prolongs one.
"""

import threading
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Engine

from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db, reading
from crowdfund.kernel.outbox.models import outbox_table
from crowdfund.kernel.outbox.registry import HANDLERS, Row

log = structlog.get_logger()
LEASE = timedelta(seconds=30)
RENEW_EVERY_S = 10.0
# A worker that hangs for longer than any work takes loses its rows to another worker.
MOST_HELD_S = 600.0
_T = outbox_table
_COLUMNS = [_T.c[name] for name in Row.__dataclass_fields__]


class LeaseHolder:
    """Holds the leases of one drain and renews them from a thread until it is closed."""

    def __init__(self, owner: str, engine: Engine) -> None:
        self.owner = owner
        self._engine = engine
        self._held: dict[str, float] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        _renewer.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _renewer.remove(self)

    def hold(self, ids: Iterable[str]) -> None:
        """Renew the leases of these rows from now on."""
        with self._lock:
            self._held |= dict.fromkeys(ids, time.monotonic())

    def let_go(self, ids: Iterable[str]) -> None:
        """Renew the leases of these rows no longer."""
        with self._lock:
            for row_id in ids:
                self._held.pop(row_id, None)

    def renew(self) -> int:
        """Move the end of the leases on, in a transaction of its own; return how many.

        Rows that a transaction has locked are left out: nobody can take those.
        """
        with self._lock:
            long_ago = time.monotonic() - MOST_HELD_S
            ids = [row_id for row_id, since in self._held.items() if since > long_ago]
        if not ids:
            return 0
        mine = sa.and_(_T.c.id.in_(ids), _T.c.leased_by == self.owner, _T.c.state == "due")
        with self._engine.begin() as connection:
            free = sa.select(_T.c.id).where(mine).order_by(_T.c.id)
            found = list(connection.scalars(free.with_for_update(skip_locked=True)))
            until = clock.real() + LEASE
            connection.execute(sa.update(_T).where(_T.c.id.in_(found)).values(leased_until=until))
        return len(found)


class _Renewer:
    """One thread of the process that renews the leases of all its drains."""

    def __init__(self) -> None:
        self._holders: set[LeaseHolder] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, holder: LeaseHolder) -> None:
        with self._lock:
            self._holders.add(holder)
            if self._thread is None or not self._thread.is_alive():  # not after a fork either
                self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
                self._thread.start()

    def remove(self, holder: LeaseHolder) -> None:
        with self._lock:
            self._holders.discard(holder)

    def _beat(self) -> None:
        while True:
            time.sleep(RENEW_EVERY_S)
            with self._lock:
                holders = list(self._holders)
            for holder in holders:
                try:
                    holder.renew()
                except sa.exc.SQLAlchemyError as error:  # the next beat comes before the lease ends
                    log.warning("outbox.lease_not_renewed", owner=holder.owner, error=str(error))


_renewer = _Renewer()


def due(queue: str | None, now: datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of work that is due and under no lease; of every queue for None."""
    free = sa.or_(_T.c.leased_until.is_(None), _T.c.leased_until < clock.real())
    where = [_T.c.state == "due", _T.c.not_before <= now, free]
    return where if queue is None else [_T.c.queue == queue, *where]


def lanes(queue: str) -> list[str]:
    """Return the lanes of a queue in which something waits, by name; one short query for each."""
    found: list[str] = []
    query = (
        sa.select(_T.c.lane)
        .where(_T.c.state == "due", _T.c.queue == queue)
        .order_by(_T.c.lane)
        .limit(1)
    )
    with reading():
        lane = db.session.scalar(query)
        while lane is not None:
            found.append(lane)
            lane = db.session.scalar(query.where(_T.c.lane > lane))
        db.session.remove()
    return found


def claim(queue: str, lane: str, holder: LeaseHolder, *, most: int) -> list[Row]:
    """Take up to `most` due rows of a lane under a lease, oldest first; other workers skip them."""
    now = clock.now()
    query = sa.select(_T.c.id).where(*due(queue, now), _T.c.lane == lane, _T.c.kind.in_(HANDLERS))
    query = query.order_by(_T.c.not_before, _T.c.id)
    with reading():  # without the write lock, when there is nothing
        is_empty = db.session.execute(query.limit(1)).first() is None
        db.session.remove()
    if is_empty:
        return []
    rows = db.session.execute(
        query.with_only_columns(*_COLUMNS).limit(most).with_for_update(skip_locked=True)
    ).all()
    ids = [row.id for row in rows]
    values = {"leased_until": clock.real() + LEASE, "leased_by": holder.owner}
    db.session.execute(sa.update(_T).where(_T.c.id.in_(ids)).values(values))
    commit()
    holder.hold(ids)
    return [Row(*row) for row in rows]


def release(ids: Iterable[str], holder: LeaseHolder) -> None:
    """Give rows back at once that were not worked on, as if nobody had taken them."""
    rows = list(ids)
    mine = sa.and_(_T.c.id.in_(rows), _T.c.leased_by == holder.owner, _T.c.state == "due")
    db.session.execute(sa.update(_T).where(mine).values(leased_until=None, leased_by=None))
    commit()
    holder.let_go(rows)
