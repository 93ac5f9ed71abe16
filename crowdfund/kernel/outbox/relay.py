"""The relay process: it passes wake-ups to RQ, sweeps for lost ones, and runs the scheduler."""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.kernel import clock
from crowdfund.kernel.clock import CLOCKS_DIFFER
from crowdfund.kernel.db import commit, db, insert_ignore, new_id, reading, release, rows_changed
from crowdfund.kernel.outbox import intakes
from crowdfund.kernel.outbox.adding import add
from crowdfund.kernel.outbox.clock_jumps import mend
from crowdfund.kernel.outbox.heartbeats import RELAY, beat
from crowdfund.kernel.outbox.lateness import note_start, note_sweep
from crowdfund.kernel.outbox.leases import due
from crowdfund.kernel.outbox.models import Schedule, outbox_table
from crowdfund.kernel.outbox.registry import INTAKES, TICKS
from crowdfund.kernel.outbox.waking import CHANNEL, redis_client

log = structlog.get_logger()
_T = outbox_table


def tick() -> int:
    """Add the periodic work that is due; safe in several processes at once."""
    note_start()
    now, added, is_ahead = clock.now(), 0, False
    known = {row.name: row.next_at for row in db.session.execute(sa.select(Schedule.__table__))}
    for name, (seconds, _queue) in TICKS.items():
        due = known.get(name)
        next_at = now + timedelta(seconds=seconds)
        # Further away than its period, it was set by a clock that was ahead.
        is_put_off = due is not None and due > next_at + CLOCKS_DIFFER
        is_ahead = is_ahead or is_put_off
        if due is not None and due > now and not is_put_off:
            continue
        if _take_turn(name, due, next_at) and not _is_pending(name, now):
            added += add(name, f"{name}:{new_id()}")
    if is_ahead:
        mend(now)
    beat(RELAY)
    commit()
    note_sweep()
    db.session.remove()
    return added


def _take_turn(name: str, due: datetime | None, next_at: datetime) -> bool:
    """Set when a tick is due next; return whether this scheduler was the first to do so."""
    if due is None:
        return bool(insert_ignore(Schedule.__table__, [{"name": name, "next_at": next_at}]))
    same = sa.update(Schedule).where(Schedule.name == name, Schedule.next_at == due)
    return bool(rows_changed(same.values(next_at=next_at)))


def _is_pending(name: str, now: datetime) -> bool:
    """Return whether an earlier tick is unfinished: the same work must not pile up."""
    waiting = sa.and_(
        _T.c.kind == name, _T.c.state == "due", _T.c.created_at <= now + CLOCKS_DIFFER
    )
    pending = sa.select(_T.c.id).where(waiting).limit(1)
    return db.session.execute(pending).first() is not None


def due_queues() -> list[str]:
    """Return the queues that have work which no lease holds."""
    with reading():
        found = set(
            db.session.scalars(sa.select(_T.c.queue).where(*due(None, clock.now())).distinct())
        )
        found |= {queue for queue in INTAKES if intakes.oldest(queue) is not None}
        db.session.remove()
    return sorted(found)


def enqueue_drain(queue: str) -> None:
    """Put one drain job into RQ unless one is waiting already."""
    from rq import Queue
    from rq.serializers import JSONSerializer

    client = redis_client()
    rq_queue = Queue(queue, connection=client, serializer=JSONSerializer)
    if client.llen(rq_queue.key) == 0:
        rq_queue.enqueue("crowdfund.kernel.outbox.drain", queue, result_ttl=0, failure_ttl=3600)


def run_relay(stop: Callable[[], bool] = lambda: False, *, sweep_s: float = 1.0) -> None:
    """Pass wake-ups to RQ, sweep for lost ones, tick the scheduler; runs until `stop()`."""
    import redis

    pubsub: Any = None
    next_sweep = 0.0
    log.info("relay.started", pid=os.getpid())
    while not stop():
        try:
            if pubsub is None:
                client: Any = redis_client()  # its `pubsub` has no types
                pubsub = client.pubsub(ignore_subscribe_messages=True)
                pubsub.subscribe(CHANNEL)
            message = pubsub.get_message(
                timeout=max(0.0, min(sweep_s, next_sweep - time.monotonic()))
            )
            if message:
                enqueue_drain(message["data"].decode())
        except redis.RedisError as error:
            log.warning("relay.redis", error=str(error))
            pubsub = None
            time.sleep(0.5)
        if time.monotonic() >= next_sweep:
            next_sweep = time.monotonic() + sweep_s
            sweep()


def sweep() -> None:
    """Add the due ticks and enqueue drains of all due work; failures wait for the next sweep."""
    import redis

    try:
        tick()
        for queue in due_queues():
            enqueue_drain(queue)
    except (redis.RedisError, sa.exc.SQLAlchemyError) as error:
        log.warning("relay.sweep", error=str(error))
    finally:
        release()
