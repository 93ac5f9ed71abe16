"""How well the installation works: for balancers, for alarms and for `flask doctor`.

`ok`: all is well. `degraded`: pages are served, but something behind them needs an operator, and
the reasons say what. `down`: this process cannot serve, because the database does not answer.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, reading

SILENT_FOR = outbox.SILENT_AFTER
LATE_FOR = timedelta(seconds=120)
CACHED_S = 2.0  # how long a report is reused


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that needs an operator: a code for machines, an English sentence for people."""

    code: str
    text: str


Check = Callable[[], Iterable[Reason]]
_checks: list[Check] = []
_cached: list[tuple[float, list[Reason]]] = []


def check(function: Check) -> Check:
    """Register a feature's check: it reads SQL only, by indexes, and yields reasons."""
    if function not in _checks:
        _checks.append(function)
    return function


def reasons() -> list[Reason]:
    """Return what needs an operator; the database must answer."""
    with reading():
        found = [*_processes(), *_queues()]
        for one in _checks:
            found.extend(one())
    return found


def answer() -> tuple[dict[str, Any], bool]:
    """Return the report as a dictionary, and whether this process can serve pages."""
    parts = {"database": _database_answers(), "redis": _redis_answers()}
    if not parts["database"]:
        lost = [{"code": "database_away", "text": "The database does not answer."}]
        return {"status": "down", "reasons": lost, **parts}, False
    found = list(_recent_reasons())
    if not parts["redis"]:
        found.append(Reason("redis_away", "Redis does not answer: background work waits."))
    status = "degraded" if found else "ok"
    listed = [{"code": reason.code, "text": reason.text} for reason in found]
    return {"status": status, "reasons": listed, **parts}, True


def silence(name: str, beats: dict[str, datetime]) -> str:
    """Return how long a process has been silent, in words, or an empty text when it is well."""
    at = beats.get(name)
    if at is None:
        return "has never worked"
    waited = clock.now() - at
    if waited < -SILENT_FOR:
        return "has not worked since the clock went back"
    return f"has not worked for {_words(waited)}" if waited > SILENT_FOR else ""


def _processes() -> Iterator[Reason]:
    beats = outbox.beats()
    if words := silence(outbox.RELAY, beats):
        yield Reason("relay_silent", f"The relay {words}: start crowdfund.kernel.relay.")
    for queue in outbox.QUEUES:
        if words := silence(outbox.worker_name(queue), beats):
            advice = "start or restart it, and read its log."
            yield Reason(
                f"worker_silent:{queue}", f"The worker of the queue {queue} {words}: {advice}"
            )


def _queues() -> Iterator[Reason]:
    for queue, since in outbox.overdue(LATE_FOR).items():
        waited = _words(clock.now() - since)
        yield Reason(
            f"queue_late:{queue}", f"The oldest work of the queue {queue} has waited for {waited}."
        )
    if count := outbox.dead():
        yield Reason("dead_rows", f"{count} rows of the outbox were given up: see the staff desk.")


def _recent_reasons() -> list[Reason]:
    now = time.monotonic()
    if _cached and now - _cached[0][0] < CACHED_S:
        return _cached[0][1]
    _cached[:] = [(now, reasons())]
    return _cached[0][1]


def _database_answers() -> bool:
    try:
        db.session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return False
    return True


def _redis_answers() -> bool:
    import redis

    try:
        return bool(outbox.redis_client().ping())
    except redis.RedisError:
        return False


def _words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} seconds"
