"""Inbox rows on their way through a batch: loaded, applied elsewhere, written back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from crowdfund.adapters import gateways
from crowdfund.adapters.gateways import Event
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import Driver, Prepared, db, driver
from crowdfund.kernel.db.rows import columns, read_each
from crowdfund.payments import rules
from crowdfund.payments.models import Inbox
from crowdfund.payments.rows import StoredWebhook

log = structlog.get_logger()
_I = Inbox.__table__
_SAVED = ("state", "attempts", "last_error", "payment_id", "next_try_at", "done_at")
_SAVE = Prepared(
    sa.update(_I)
    .where(_I.c.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(name) for name in _SAVED})
)

_QUEUED = Prepared(sa.update(_I).where(_I.c.id == sa.bindparam("b_id")).values(state="queued"))
MOST_COLLECTED = 5_000


@dataclass(slots=True)
class Webhook:
    """An inbox row; `since` is when its wait for the gateway's agreement began."""

    id: str
    provider: str
    event: Event
    attempts: int
    since: datetime
    state: str = "done"
    last_error: str | None = None
    payment_id: str | None = None

    @property
    def waited(self) -> timedelta:
        """Return for how long it has waited."""
        return max(clock.now() - self.since, timedelta())

    @property
    def has_retries_left(self) -> bool:
        """Return whether it may still become clear without staff."""
        return self.waited < rules.PATIENCE

    def wait(self, why: str) -> None:
        """Try again later; after half a day it waits for staff."""
        self.attempts += 1
        self.last_error = why[:300]
        self.state = "dead" if self.waited >= rules.DEAD_AFTER else "parked"


def load(
    ids: Iterable[str], *, lock: bool = False, parsed: Mapping[str, Event] | None = None
) -> list[Webhook]:
    """Return those of some inbox rows that are due, oldest first.

    A row whose next try is later is left out: it has its own piece of work. `parsed` are events by
    row that were read before the lock: a stored body never changes.
    """
    known = parsed or {}
    raw = sa.literal(None) if known else _I.c.raw
    is_due = sa.or_(_I.c.next_try_at.is_(None), _I.c.next_try_at <= clock.now())
    query = sa.select(*columns(StoredWebhook, _I, raw=raw))
    query = query.where(_I.c.id.in_(list(ids)), _I.c.state.in_(("queued", "parked")), is_due)
    rows = read_each(StoredWebhook, query.order_by(_I.c.id).with_for_update() if lock else query)
    return [_webhook(row, known.get(row.id)) for row in rows]


def _webhook(row: StoredWebhook, event: Event | None) -> Webhook:
    return Webhook(
        id=row.id,
        provider=row.provider,
        event=event or _event(row),
        attempts=row.attempts,
        since=row.waits_since or row.received_at,
    )


def _event(row: StoredWebhook) -> Event:
    raw = row.raw
    if raw is None:  # not among those that were parsed before
        raw = db.session.scalars(sa.select(_I.c.raw).where(_I.c.id == row.id)).one()
    return gateways.get(row.provider).parse_webhook(raw)


def save(webhooks: Sequence[Webhook]) -> None:
    """Write the inbox rows; queue parked ones again with their delay, log dead ones as errors."""
    if not webhooks:
        return
    now = clock.now()
    rows: list[dict[str, object]] = []
    for webhook in webhooks:
        next_try_at = None
        if webhook.state == "parked":
            next_try_at = now + timedelta(seconds=rules.retry_delay_s(webhook.waited))
            queue(webhook.id, webhook.provider, again=webhook.attempts, not_before=next_try_at)
        elif webhook.state == "dead":
            log.error("inbox.dead", inbox_id=webhook.id, why=webhook.last_error)
        rows.append(
            {
                "b_id": webhook.id,
                "state": webhook.state,
                "attempts": webhook.attempts,
                "last_error": webhook.last_error,
                "payment_id": webhook.payment_id,
                "next_try_at": next_try_at,
                "done_at": now if webhook.state == "done" else None,
            }
        )
    with driver() as sql:
        sql.send(_SAVE, rows)
    live.changed("inbox", "all")


def collect() -> int:
    """Queue the webhooks received since the last time; return how many (for `outbox.INTAKES`)."""
    received = sa.select(_I.c.id, _I.c.provider).where(_I.c.state == "received").order_by(_I.c.id)
    few = received.limit(MOST_COLLECTED).with_for_update(skip_locked=True)
    rows = db.session.execute(few).all()
    ids_of: dict[str, list[str]] = {}
    for row in rows:
        ids_of.setdefault(row.provider, []).append(row.id)
    with driver() as sql:
        for provider, ids in ids_of.items():
            queue_new(sql, ids, provider)
        sql.send(_QUEUED, [{"b_id": row.id} for row in rows])
    return len(rows)


def oldest_received() -> datetime | None:
    """Return when the oldest webhook was received that is not queued (for `outbox.INTAKES`)."""
    received = sa.select(_I.c.received_at).where(_I.c.state == "received").order_by(_I.c.id)
    return db.session.scalar(received.limit(1))


def queue(
    inbox_id: str, provider: str, *, again: object, not_before: datetime | None = None
) -> None:
    """Queue an inbox row for the inbox job."""
    key, payload = f"inbox:{inbox_id}:{again}", {"inbox_id": inbox_id}
    outbox.add("payments.inbox", key, payload, not_before=not_before, lane=provider)


def queue_new(lent: Driver, ids: Iterable[str], provider: str) -> None:
    """Queue inbox rows of a gateway for the first time; the caller wakes a worker."""
    rows = [("payments.inbox", f"inbox:{name}:0", {"inbox_id": name}) for name in ids]
    outbox.add_by_driver(lent, rows, lane=provider)


def queue_many(ids: Sequence[str], provider: str, *, again: object) -> None:
    """Queue inbox rows of a gateway for the inbox job, at once."""
    rows = [("payments.inbox", f"inbox:{name}:{again}", {"inbox_id": name}) for name in ids]
    outbox.add_many(rows, lane=provider)
