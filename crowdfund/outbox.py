"""Background work that survives everything: SQL rows are the record, RQ and Redis only a doorbell.

A verb adds a row in its own transaction. After the commit the row's queue is rung; the relay
enqueues one drain job; the drain claims rows under a lease, runs the handler and marks the rows
done in the transaction that holds the effect. A sweeper finds whatever a lost bell left.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import redis
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column

from . import clock, config
from .db import (
    ID,
    Driver,
    Json,
    Prepared,
    UTCDateTime,
    after_commit,
    commit,
    db,
    insert_ignore,
    new_id,
    reading,
    rollback,
    rows_changed,
)

log = structlog.get_logger()
QUEUES = ("chain", "payments", "messages", "default")
CHANNEL = "outbox"
CLAIM = 100
LEASE = timedelta(seconds=30)
MAX_FAILURES = 20
KEY_LENGTH = 160


class Outbox(db.Model):
    """One piece of work to be done once, at or after `not_before`."""

    __tablename__ = "outbox"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    queue: Mapped[str] = mapped_column(sa.String(16))
    kind: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(sa.String(8), default="due")
    not_before: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leased_by: Mapped[str | None] = mapped_column(ID)
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
    __table_args__ = (sa.Index(None, "state", "queue", "not_before"),)


class Schedule(db.Model):
    """When a periodic piece of work is due next."""

    __tablename__ = "schedule"
    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row as a handler sees it."""

    id: str
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    failures: int


@dataclass(frozen=True, slots=True)
class Handler:
    """A registered function with its queue and how many rows it takes at once."""

    run: Callable[..., None]
    queue: str
    batch: int
    prepare: Callable[[list[Row]], Any] | None


class Retry(Exception):
    """Raised by a handler for "not yet": tried again after the delay, never given up."""

    def __init__(self, delay_s: float, why: str) -> None:
        super().__init__(why)
        self.delay_s = delay_s


HANDLERS: dict[str, Handler] = {}
SUBSCRIBERS: dict[str, list[str]] = {}
TICKS: dict[str, tuple[float, str]] = {}
_T = outbox_table = Outbox.__table__


def handler(
    kind: str, *, queue: str = "default", batch: int = 1, prepare: Callable[..., Any] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function for a kind of row.

    It gets a list of at most `batch` rows inside the transaction that marks them done. With
    `prepare(rows)`, slow outside calls are made first, without a transaction, and their result
    is passed as second argument.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if kind in HANDLERS and HANDLERS[kind].run.__module__ != function.__module__:
            raise RuntimeError(f"two handlers for {kind}")
        HANDLERS[kind] = Handler(function, queue, batch, prepare)
        return function

    return register


def on(event: str, *, queue: str = "default", batch: int = 1) -> Callable[..., Any]:
    """Subscribe a function of a higher feature to an event of a lower one."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        kind = f"{event}>{function.__module__.split('.')[-2]}.{function.__name__}"
        kinds = SUBSCRIBERS.setdefault(event, [])
        if kind not in kinds:
            kinds.append(kind)
        return handler(kind, queue=queue, batch=batch)(function)

    return register


def every(seconds: float, name: str, *, queue: str = "default") -> Callable[..., Any]:
    """Register a function without arguments that runs periodically."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        TICKS[name] = (seconds, queue)
        handler(name, queue=queue)(lambda _rows: function())
        return function

    return register


def add(
    kind: str, key: str, payload: dict[str, Any] | None = None, *, not_before: datetime | None = None
) -> bool:
    """Add work in the current transaction; the same key is added once. Return whether it was new."""
    return add_many([(kind, key, payload or {})], not_before=not_before) == 1


def add_many(items: Iterable[tuple[str, str, dict[str, Any]]], *, not_before: datetime | None = None) -> int:
    """Add several rows (kind, key, payload) in one statement; return how many were new."""
    now, items = clock.now(), list(items)
    if too_long := [key for _, key, _ in items if len(key) > KEY_LENGTH]:
        raise ValueError(f"outbox key longer than {KEY_LENGTH}: {too_long[0]}")  # cut, it would not be unique
    rows = [_new_row(item, now=now, not_before=not_before or now) for item in items]
    for queue in {row["queue"] for row in rows}:
        after_commit(("bell", queue), lambda queue=queue: ring(queue))  # type: ignore[misc]
    return insert_ignore(_T, rows)


def add_by_driver(lent: Driver, kind: str, key: str, payload: dict[str, Any]) -> None:
    """Add one row by a driver's cursor, for a hot path that owns its transaction and rings itself.

    The key must be new: a known one fails as the driver's IntegrityError.
    """
    now = clock.now()
    lent.send(_INSERT_ONE, [_new_row((kind, key, payload), now=now, not_before=now)])


def _new_row(item: tuple[str, str, dict[str, Any]], *, now: datetime, not_before: datetime) -> dict[str, Any]:
    kind, key, payload = item
    return {
        "id": new_id(), "queue": HANDLERS[kind].queue, "kind": kind, "key": key, "payload": payload,
        "state": "due", "not_before": not_before, "created_at": now, "attempts": 0, "failures": 0,
    }  # fmt: skip


_INSERT_ONE = Prepared(
    sa.insert(_T),
    *("id", "queue", "kind", "key", "payload", "state", "not_before", "created_at", "attempts", "failures"),
)


def emit(event: str, key: str, payload: dict[str, Any]) -> None:
    """Tell every subscriber of an event; the key makes it once for each."""
    add_many([(kind, f"{kind}:{key}", payload) for kind in SUBSCRIBERS.get(event, [])])


# --- the doorbell ---------------------------------------------------------------------------------

_clients: dict[str, redis.Redis] = {}


def redis_client() -> redis.Redis:
    """Return this process's Redis client (short timeouts: it is only a doorbell)."""
    url = config.settings().redis_url
    if not url:
        raise redis.ConnectionError("REDIS_URL is not set")
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=0.5)
    return _clients[url]


def ring(queue: str) -> None:
    """Say that a queue has work; a lost ring is found by the sweeper."""
    if not config.settings().redis_url:
        return
    try:
        redis_client().publish(CHANNEL, queue)
    except redis.RedisError as error:
        log.warning("doorbell.lost", queue=queue, error=str(error))


# --- draining -------------------------------------------------------------------------------------


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


def _due(queue: str | None, now: datetime) -> list[sa.ColumnElement[bool]]:
    free = sa.or_(_T.c.leased_until.is_(None), _T.c.leased_until < now)
    where = [_T.c.state == "due", _T.c.not_before <= now, free]
    return where if queue is None else [_T.c.queue == queue, *where]


def _claim(queue: str, owner: str) -> list[Row]:
    """Take up to CLAIM rows under a lease; other workers skip them."""
    now = clock.now()
    known = _T.c.kind.in_(HANDLERS)
    query = sa.select(_T.c.id).where(*_due(queue, now), known).order_by(_T.c.not_before, _T.c.id)
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


def revive(row_id: str) -> None:
    """Give a dead or waiting row another try at once (a staff verb)."""
    db.session.execute(
        sa.update(_T)
        .where(_T.c.id == row_id, _T.c.state != "done")
        .values(state="due", attempts=0, failures=0, not_before=clock.now(), leased_until=None)
    )
    for queue in QUEUES:
        after_commit(("bell", queue), partial(ring, queue))


@every(600, "outbox.purge")
def purge(*, most: int = 5_000) -> int:
    """Remove finished rows: periodic ones after an hour, others after 30 days; return how many.

    A key is remembered for those 30 days; what it stands for has its own wall against doubles.
    """
    now = clock.now()
    old = sa.or_(
        sa.and_(_T.c.kind.in_(TICKS), _T.c.done_at < now - timedelta(hours=1)),
        _T.c.done_at < now - timedelta(days=30),
    )
    ids = db.session.scalars(sa.select(_T.c.id).where(_T.c.state == "done", old).limit(most)).all()
    return rows_changed(sa.delete(_T).where(_T.c.id.in_(ids))) if ids else 0


# --- the relay process: bell → RQ, sweeper, scheduler ---------------------------------------------


def tick() -> int:
    """Add the periodic work that is due; safe in several processes at once."""
    now, added = clock.now(), 0
    known = {row.name: row.next_at for row in db.session.execute(sa.select(Schedule.__table__))}
    for name, (seconds, _queue) in TICKS.items():
        due = known.get(name)
        if due is not None and due > now:
            continue
        next_at = now + timedelta(seconds=seconds)
        if due is None:
            if not insert_ignore(Schedule.__table__, [{"name": name, "next_at": next_at}]):
                continue  # another scheduler was first
        else:
            moved = sa.update(Schedule).where(Schedule.name == name, Schedule.next_at == due)
            if not rows_changed(moved.values(next_at=next_at)):
                continue
        # An unfinished earlier tick is enough: never pile up the same work.
        pending = sa.select(_T.c.id).where(_T.c.kind == name, _T.c.state == "due").limit(1)
        if db.session.execute(pending).first() is None:
            added += add(name, f"{name}:{now.timestamp():.3f}")
    commit()
    db.session.remove()
    return added


def due_queues() -> list[str]:
    """Return the queues that have work which no lease holds."""
    with reading():
        rows = db.session.scalars(sa.select(_T.c.queue).where(*_due(None, clock.now())).distinct())
        found = list(rows)
        db.session.remove()
    return found


def enqueue_drain(queue: str) -> None:
    """Put one drain job into RQ unless one is waiting already."""
    from rq import Queue  # noqa: PLC0415 - only the relay and workers need RQ
    from rq.serializers import JSONSerializer  # noqa: PLC0415

    client = redis_client()
    rq_queue = Queue(queue, connection=client, serializer=JSONSerializer)
    if client.llen(rq_queue.key) == 0:
        rq_queue.enqueue("crowdfund.outbox.drain", queue, result_ttl=0, failure_ttl=3600)


def run_relay(stop: Callable[[], bool] = lambda: False, *, sweep_s: float = 1.0) -> None:
    """Forward bells to RQ, sweep what lost its bell, tick the scheduler; runs until `stop()`."""
    pubsub: Any = None
    next_sweep = 0.0
    log.info("relay.started", pid=os.getpid())
    while not stop():
        try:
            if pubsub is None:
                pubsub = redis_client().pubsub(ignore_subscribe_messages=True)
                pubsub.subscribe(CHANNEL)
            message = pubsub.get_message(timeout=max(0.0, min(sweep_s, next_sweep - time.monotonic())))
            if message:
                enqueue_drain(message["data"].decode())
        except redis.RedisError as error:
            log.warning("relay.redis", error=str(error))
            pubsub = None
            time.sleep(0.5)
        if time.monotonic() >= next_sweep:
            next_sweep = time.monotonic() + sweep_s
            _sweep()


def _sweep() -> None:
    try:
        tick()
        for queue in due_queues():
            enqueue_drain(queue)
    except (redis.RedisError, sa.exc.DBAPIError) as error:
        log.warning("relay.sweep", error=str(error))
        rollback()
        db.session.remove()
