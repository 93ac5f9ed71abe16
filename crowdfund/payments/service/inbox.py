"""Take webhooks in: verify the raw bytes, store once, answer. Nothing is decided here."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
import structlog

from crowdfund.adapters import gateways
from crowdfund.adapters.gateways import MAX_WEBHOOK_BYTES, Event, WebhookForged, WebhookMalformed
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import (
    Prepared,
    db,
    execute_insert_ignore,
    lean_transaction,
    new_id,
    own_transaction,
    read_connection,
)
from crowdfund.kernel.errors import Conflict, CrowdfundError, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.networks import network
from crowdfund.payments.models import GatewayCustomer, Inbox
from crowdfund.payments.service import refusals, webhooks

log = structlog.get_logger()
_I, _C = Inbox.__table__, GatewayCustomer.__table__
_STORED_HEADERS = ("X-Timestamp", "X-Nonce", "X-Signature", "Content-Type", "User-Agent")
_STORED_OF_REFUSED = 4096  # bytes
# Constants that go to the driver as they are: this is the hottest write of the platform.
_KNOWN_CPRN = Prepared(
    sa.select(_C.c.user_id).where(
        _C.c.gateway == sa.bindparam("gateway"), _C.c.cprn == sa.bindparam("cprn")
    )
)
_STORED = sa.select(_I.c.raw).where(
    _I.c.provider == sa.bindparam("gateway"), _I.c.event_id == sa.bindparam("event_id")
)
_INSERTED = (
    "id",
    "provider",
    "event_id",
    "raw",
    "headers",
    "received_at",
    "state",
    "attempts",
    "last_error",
)
_INSERT = Prepared(sa.insert(_I), *_INSERTED)
_WAKE_EVERY_S = 0.02


class _WakeUp:
    """Wakes the workers, but not for each webhook of a flood: the sweeper finds the rest."""

    def __init__(self) -> None:
        self._last_s = 0.0

    def send(self) -> None:
        now = time.monotonic()
        if now - self._last_s >= _WAKE_EVERY_S:
            self._last_s = now
            outbox.wake_workers("payments")


_wake_up = _WakeUp()


class TooLarge(CrowdfundError):
    """A webhook longer than any that the gateway sends."""

    status = 413
    code = "too_large"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a verified webhook."""

    tx_id: str
    parked: bool


def accept(
    gateway_name: str, raw: bytes, headers: Mapping[str, str], *, client: str = ""
) -> Accepted:
    """Verify and store a webhook in a short transaction of its own; a repeat changes nothing.

    Raises WebhookForged (signature, time, or a nonce that came with another body), TooLarge,
    WebhookMalformed, TooManyRefused. What is refused is counted and moves nothing; some refused
    webhooks of a client (its address) are stored as evidence.
    """
    gateway = gateways.get(gateway_name)
    if len(raw) > MAX_WEBHOOK_BYTES:
        raise TooLarge("The body is larger than 64 kB.")
    try:
        event_id = gateway.verify_webhook(raw, headers, clock.now())
        event = gateway.parse_webhook(raw)
        accepted = _store(gateway_name, event_id, (raw, headers, event))
    except WebhookMalformed as refusal:  # signed: always stored
        _store_refused(gateway_name, raw, headers, why=refusal.user_message, mark="malformed:")
        raise
    except WebhookForged as refusal:
        is_sample = refusals.refusals.note(gateway_name, client, network(client))
        if is_sample:
            why = refusal.user_message
            _store_refused(gateway_name, raw, headers, why=why, mark=refusals.MARK)
        refusals.write_counts()
        if not is_sample:
            raise refusals.TooManyRefused(
                "Too many webhooks with a bad signature came from here. Check the key, then send "
                "again."
            ) from refusal
        raise
    _wake_up.send()
    return accepted


def _store(gateway: str, event_id: str, what: tuple[bytes, Mapping[str, str], Event]) -> Accepted:
    """Insert the webhook, unless this event is known already; a worker queues it (`collect`)."""
    raw, headers, event = what
    try:
        with lean_transaction() as lent:
            is_known = bool(lent.rows(_KNOWN_CPRN, gateway=gateway, cprn=event.customer_ref))
            row = _row(gateway, event_id, (raw, headers), "received" if is_known else "parked")
            row["last_error"] = None if is_known else "No customer of ours has this number (yet)."
            lent.send(_INSERT, [row])
            if not is_known:
                webhooks.queue_new(lent, [row["id"]], gateway)
    except cast(Any, db.engine.dialect.dbapi).IntegrityError:
        return _repeated(gateway, event_id, raw, event)
    return Accepted(event.tx_id, parked=not is_known)


def _row(
    gateway: str, event_id: str, what: tuple[bytes, Mapping[str, str]], state: str
) -> dict[str, Any]:
    raw, headers = what
    return {
        "id": new_id(),
        "provider": gateway,
        "event_id": event_id,
        "raw": raw,
        "headers": _stored_headers(headers),
        "received_at": clock.now(),
        "state": state,
        "attempts": 0,
    }


def _repeated(gateway: str, event_id: str, raw: bytes, event: Event) -> Accepted:
    """Answer a repeat like the first time; another body under a used nonce is a forgery."""
    with read_connection() as connection:
        stored = connection.execute(_STORED, {"gateway": gateway, "event_id": event_id}).first()
        known = sa.select(_C.c.user_id).where(
            _C.c.gateway == gateway, _C.c.cprn == event.customer_ref
        )
        is_known = connection.execute(known).first() is not None
    if stored is None or stored.raw != raw:
        raise WebhookForged("X-Nonce was used before with another body.")
    return Accepted(event.tx_id, parked=not is_known)


def _stored_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are stored: no cookies, no authorisation."""
    return {name: headers[name][:1000] for name in _STORED_HEADERS if name in headers}


def _store_refused(
    gateway: str, raw: bytes, headers: Mapping[str, str], *, why: str, mark: str
) -> None:
    """Store what was refused in a transaction of its own: the request's will be rolled back.

    A repeated forgery is only counted, so that one request cannot fill the table.
    """
    digest = hashlib.sha256(raw + b"\n" + headers.get("X-Nonce", "").encode()).hexdigest()
    event_id = f"{mark}{digest}"
    row = _row(gateway, event_id, (raw[:_STORED_OF_REFUSED], headers), "refused")
    with own_transaction() as connection:
        refused = row | {"attempts": 1, "last_error": why[:300]}
        if not execute_insert_ignore(connection, _I, [refused]):
            again = sa.update(_I).where(_I.c.provider == gateway, _I.c.event_id == event_id)
            connection.execute(again.values(attempts=_I.c.attempts + 1))
    log.warning("webhook.refused", gateway=gateway, why=why)


def replay(inbox_id: str, *, actor: str) -> None:
    """Process a stored webhook again (a staff verb); refused ones stay refused."""
    row = db.session.execute(sa.select(_I).where(_I.c.id == inbox_id).with_for_update()).first()
    if row is None:
        raise NotFound(_("There is no such webhook."))
    if row.state == "refused":
        raise Conflict(_("A refused webhook is never processed. Nothing was changed."))
    if row.state == "done":
        raise Conflict(_("This webhook has been processed already. Nothing was changed."))
    _mark_queued([inbox_id])
    webhooks.queue(inbox_id, row.provider, again=f"replay:{new_id()}")
    log.info("inbox.replayed", inbox_id=inbox_id, actor=actor)
    live.changed("inbox", "all")


def replay_all(*, actor: str, most: int = 5_000) -> int:
    """Process parked and dead webhooks again, oldest first; return how many (a staff verb)."""
    waits = sa.select(_I.c.id, _I.c.provider).where(_I.c.state.in_(("parked", "dead")))
    rows = db.session.execute(
        waits.order_by(_I.c.id).limit(most).with_for_update(skip_locked=True)
    ).all()
    ids_of: dict[str, list[str]] = {}
    for row in rows:
        ids_of.setdefault(row.provider, []).append(row.id)
    for provider, ids in ids_of.items():
        for start in range(0, len(ids), 500):  # SQLite takes no list without end
            some = ids[start : start + 500]
            _mark_queued(some)
            webhooks.queue_many(some, provider, again=f"replay:{new_id()}")
    log.info("inbox.replayed_all", count=len(rows), actor=actor)
    live.changed("inbox", "all")
    return len(rows)


def _mark_queued(ids: Sequence[str]) -> None:
    """Set the state of webhooks that are processed again; their wait begins anew."""
    values = {"state": "queued", "waits_since": clock.now(), "next_try_at": None}
    db.session.execute(sa.update(_I).where(_I.c.id.in_(ids)).values(values))
