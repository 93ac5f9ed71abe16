"""Add work in the transaction of the verb that wants it; try again."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import (
    Driver,
    Prepared,
    after_commit,
    db,
    insert_ignore,
    new_id,
)
from crowdfund.kernel.outbox.models import KEY_LENGTH, outbox_table
from crowdfund.kernel.outbox.registry import HANDLERS, QUEUES
from crowdfund.kernel.outbox.waking import wake_workers

_T = outbox_table


def add(
    kind: str,
    key: str,
    payload: dict[str, Any] | None = None,
    *,
    not_before: datetime | None = None,
    lane: str = "",
) -> bool:
    """Add work in the current transaction; the same key is added once. Return whether it was new.

    `lane` names the outside thing that the work waits for, which may be slow or away.
    """
    return add_many([(kind, key, payload or {})], not_before=not_before, lane=lane) == 1


def add_many(
    items: Iterable[tuple[str, str, dict[str, Any]]],
    *,
    not_before: datetime | None = None,
    lane: str = "",
) -> int:
    """Add several rows (kind, key, payload) in one statement; return how many were new."""
    now, items = clock.now(), list(items)
    if too_long := [key for _, key, _ in items if len(key) > KEY_LENGTH]:
        # cut, it would not be unique
        raise ValueError(f"outbox key longer than {KEY_LENGTH}: {too_long[0]}")
    rows = [new_row(item, now=now, not_before=not_before or now, lane=lane) for item in items]
    for queue in {row["queue"] for row in rows}:
        after_commit(("wake workers", queue), partial(wake_workers, queue))
    return insert_ignore(_T, rows)


def add_by_driver(
    lent: Driver, items: Iterable[tuple[str, str, dict[str, Any]]], *, lane: str = ""
) -> None:
    """Add rows (kind, key, payload) by a driver's cursor, for a busy path; nobody is woken.

    The keys must be new: a known one fails as the driver's IntegrityError.
    """
    now = clock.now()
    lent.send(_INSERT_NEW, [new_row(item, now=now, not_before=now, lane=lane) for item in items])


def new_row(
    item: tuple[str, str, dict[str, Any]], *, now: datetime, not_before: datetime, lane: str = ""
) -> dict[str, Any]:
    """Return the columns of a new row of (kind, key, payload)."""
    kind, key, payload = item
    return {
        "id": new_id(),
        "queue": HANDLERS[kind].queue,
        "lane": lane,
        "kind": kind,
        "key": key,
        "payload": payload,
        "state": "due",
        "not_before": not_before,
        "created_at": now,
        "attempts": 0,
        "failures": 0,
    }


_COLUMNS = (
    "id",
    "queue",
    "lane",
    "kind",
    "key",
    "payload",
    "state",
    "not_before",
    "created_at",
    "attempts",
    "failures",
)
_INSERT_NEW = Prepared(sa.insert(_T), *_COLUMNS)


def revive(row_id: str) -> None:
    """Give a dead or waiting row another try at once (a staff verb)."""
    db.session.execute(
        sa.update(_T)
        .where(_T.c.id == row_id, _T.c.state != "done")
        .values(state="due", attempts=0, failures=0, not_before=clock.now(), leased_until=None)
    )
    for queue in QUEUES:
        after_commit(("wake workers", queue), partial(wake_workers, queue))
