"""Process rows: claim them under a lease, run handlers, mark them done with their effect."""

import math
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.kernel import clock
from crowdfund.kernel.db import Fault, commit, db, fault_of, new_id, release, rollback, rows_changed
from crowdfund.kernel.outbox import intakes, leases
from crowdfund.kernel.outbox.heartbeats import beat, worker_name
from crowdfund.kernel.outbox.lanes import Lanes, Prepared
from crowdfund.kernel.outbox.leases import LeaseHolder
from crowdfund.kernel.outbox.models import outbox_table
from crowdfund.kernel.outbox.registry import (
    CAPACITIES,
    HANDLERS,
    QUEUES,
    Handler,
    Partial,
    Retry,
    Row,
)

log = structlog.get_logger()
CLAIM = 500
MAX_FAILURES = 20
LOOK_AGAIN_S = 0.2  # while a slow lane is prepared, for new work of the others
_T = outbox_table


def drain(queue: str, *, limit_s: float = 20.0, in_order: bool = False) -> int:
    """Do the due work of a queue until nothing is due; return how many rows were done.

    Takes nothing new after `limit_s` seconds so that a worker stays responsive; the sweeper wakes
    it again. Slow lanes are prepared in threads meanwhile, and waited for at the end. Stops too
    when the database is lost: what was claimed then comes back when its lease ends.

    With `in_order` nothing is prepared in a thread and no time ends it: the same work is done in
    the same order, however fast anything answers.
    """
    with LeaseHolder(new_id(), db.engine) as holder:
        shift = _Drain(queue, holder, in_order=in_order)
        try:
            shift.work(until=math.inf if in_order else time.monotonic() + limit_s)
        except sa.exc.SQLAlchemyError as error:
            release()
            fault = fault_of(error)
            if fault is None:
                raise
            log.warning("outbox.drain_stopped", queue=queue, fault=fault, error=str(error))
        finally:
            shift.lanes.close()
        return shift.done


def drain_all(*, rounds: int = 200, in_order: bool = False) -> int:
    """Do everything that is due in this process until nothing is (tests, seeder), like `drain`."""
    done = 0
    for _ in range(rounds):
        now = sum(drain(queue, in_order=in_order) for queue in QUEUES)
        done += now
        if not now:
            return done
    raise RuntimeError("the outbox did not come to rest")


class _Drain:
    """One drain: takes turns among the lanes, so that none waits for another."""

    def __init__(self, queue: str, holder: LeaseHolder, *, in_order: bool) -> None:
        self.queue = queue
        self.holder = holder
        self.in_order = in_order
        self.lanes = Lanes()
        self.done = 0
        self._waiting: list[str] = []

    def work(self, *, until: float) -> None:
        """Claim, prepare and apply until nothing is due or the time is over; count in `done`."""
        while True:
            self._apply(self.lanes.finished())
            is_open = time.monotonic() < until
            lane, rows = self._claim() if is_open else ("", [])
            if rows:
                self._start(lane, rows)
            elif self.lanes:
                self._apply(self.lanes.finished(timeout_s=LOOK_AGAIN_S if is_open else 60))
            else:
                return

    def _claim(self) -> tuple[str, list[Row]]:
        """Take rows of the next lane in turn that has some and can do them."""
        if not self._waiting:
            intakes.collect(self.queue)
            self._waiting = leases.lanes(self.queue)
        while self._waiting:
            lane = self._waiting.pop(0)
            most = self._capacity(lane)
            if most and (rows := leases.claim(self.queue, lane, self.holder, most=most)):
                return lane, rows
        return "", []

    def _capacity(self, lane: str) -> int:
        if self.lanes.is_full(lane):
            return 0
        capacity = CAPACITIES.get(self.queue)
        return min(CLAIM, capacity(lane)) if lane and capacity else CLAIM

    def _start(self, lane: str, rows: list[Row]) -> None:
        """Run rows at once, or send them into their lane if the outside is asked first."""
        for kind in dict.fromkeys(row.kind for row in rows):
            work = HANDLERS[kind]
            same = [row for row in rows if row.kind == kind]
            for start in range(0, len(same), work.batch):
                batch = same[start : start + work.batch]
                if lane and work.prepare and not self.in_order:
                    self.lanes.send(lane, work, batch)
                else:
                    self._count(self._run(work, batch))

    def _apply(self, ready: Iterable[tuple[str, Prepared]]) -> None:
        for lane, batch in ready:
            if batch.error is None:
                self._count(self._run(batch.work, batch.rows, batch))
            elif len(batch.rows) == 1:
                self._put_back(batch.rows[0], batch.error)
            else:  # the error may concern one row only: run each alone
                for row in batch.rows:
                    self.lanes.send(lane, batch.work, [row])

    def _count(self, done: int) -> None:
        self.done += done
        if done and beat(worker_name(self.queue)):
            commit()

    def _run(self, work: Handler, rows: list[Row], ready: Prepared | None = None) -> int:
        """Run a handler over rows in one transaction; on failure run each row alone."""
        try:
            result = ready.result if ready else work.prepare(rows) if work.prepare else None
            if isinstance(result, Partial):
                rows, result = self._without(rows, result)
            db.session.remove()
            rows = self._mark_done(rows)
            if rows:
                work.run(rows, *([result] if work.prepare else []))
            commit()
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, its rows go back
            rollback()
            if len(rows) == 1:
                self._put_back(rows[0], error)
                return 0
            return sum(self._run(work, [row], ready) for row in rows)
        finally:
            release()
        self.holder.let_go(row.id for row in rows)
        return len(rows)

    def _without(self, rows: list[Row], result: Partial) -> tuple[list[Row], Any]:
        """Release the rows that were not prepared in time; return the others."""
        left = [row.id for row in rows if row.id in result.left]
        if left:
            leases.release(left, self.holder)
        return [row for row in rows if row.id not in result.left], result.result

    def _mark_done(self, rows: list[Row]) -> list[Row]:
        """Mark rows done, which locks them until the effect is there too; return those still ours.

        What another worker has taken after our lease had ended is left out.
        """
        ids = [row.id for row in rows]
        mine = sa.and_(_T.c.id.in_(ids), _T.c.leased_by == self.holder.owner, _T.c.state == "due")
        values = {"state": "done", "done_at": clock.now(), "leased_until": None}
        if rows_changed(sa.update(_T).where(mine).values(values)) == len(rows):
            return rows
        rollback()
        locked = db.session.scalars(
            sa.select(_T.c.id).where(mine).order_by(_T.c.id).with_for_update()
        )
        ours = set(locked)
        db.session.execute(sa.update(_T).where(_T.c.id.in_(ours)).values(values))
        return [row for row in rows if row.id in ours]

    def _put_back(self, row: Row, error: Exception) -> None:
        """Give a row another try later, or none after too many failures."""
        delay_s, is_failure = _delay(row, error)
        failures = row.failures + is_failure
        reason = str(error) if isinstance(error, Retry) else repr(error)
        values = {
            "attempts": row.attempts + 1,
            "failures": failures,
            "last_error": reason[:500],
            "leased_until": None,
            "not_before": clock.now() + timedelta(seconds=delay_s),
            "state": "dead" if failures >= MAX_FAILURES else "due",
        }
        mine = sa.and_(_T.c.id == row.id, _T.c.leased_by == self.holder.owner, _T.c.state == "due")
        db.session.execute(sa.update(_T).where(mine).values(values))
        commit()
        self.holder.let_go([row.id])


def _delay(row: Row, error: Exception) -> tuple[float, bool]:
    """Return the seconds until the next try, and whether the error counts as a failure of the row.

    "Not yet" and a fault of the database do not count.
    """
    if isinstance(error, Retry):
        return error.delay_s, False
    if fault := fault_of(error):
        log.warning("outbox.database_fault", kind=row.kind, key=row.key, fault=fault)
        if fault == Fault.CONFLICT and not row.attempts:  # undone in favour of another transaction
            return 0.0, False
        return min(2.0 ** min(row.attempts, 6), 60.0), False
    log.error("outbox.failed", kind=row.kind, key=row.key, exc_info=error)
    return min(2.0 ** (row.failures + 1), 300.0), True
