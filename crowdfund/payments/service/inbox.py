"""Take webhooks in: verify the raw bytes, store once, answer. Nothing is decided here."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from ... import clock, live, outbox
from ...adapters import gateways
from ...adapters.gateways import MAX_WEBHOOK_BYTES, Event, WebhookForged, WebhookMalformed
from ...db import db, execute_insert_ignore, new_id, own_transaction
from ...errors import Conflict, CrowdfundError, NotFound
from ..models import GatewayCustomer, Inbox
from . import applying

log = structlog.get_logger()
_I, _C = Inbox.__table__, GatewayCustomer.__table__
_KEPT_HEADERS = ("X-Timestamp", "X-Nonce", "X-Signature", "Content-Type", "User-Agent")
_KEPT_OF_REFUSED = 4096
_KNOWN_CPRN = sa.select(sa.literal(1)).where(
    _C.c.gateway == sa.bindparam("gateway"), _C.c.cprn == sa.bindparam("cprn")
)
_STORED = sa.select(_I.c.raw, _I.c.state).where(
    _I.c.provider == sa.bindparam("gateway"), _I.c.event_id == sa.bindparam("event_id")
)
_QUEUE = sa.insert(outbox.outbox_table)
_RING_EVERY_S = 0.02


class _Bell:
    """Rings the worker's bell, but not for each webhook of a flood: the sweeper hears the rest."""

    def __init__(self) -> None:
        self._last = 0.0

    def ring(self) -> None:
        now = time.monotonic()
        if now - self._last >= _RING_EVERY_S:
            self._last = now
            outbox.ring("payments")


_bell = _Bell()


class TooLarge(CrowdfundError):
    """A webhook longer than any that the gateway sends."""

    status = 413
    code = "too_large"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the gateway is told of a verified webhook."""

    tx_id: str
    parked: bool


def accept(gateway_name: str, raw: bytes, headers: Mapping[str, str]) -> Accepted:
    """Verify and store a webhook in a short transaction of its own; a repeat changes nothing.

    Raises WebhookForged (signature, time, or a nonce that came with another body), WebhookMalformed,
    TooLarge. What is refused is kept and counted, and moves nothing.
    """
    gateway = gateways.get(gateway_name)
    if len(raw) > MAX_WEBHOOK_BYTES:
        raise TooLarge("The body is larger than 64 kB.")
    try:
        event_id = gateway.verify_webhook(raw, headers, clock.now())
        event = gateway.parse_webhook(raw)
        with db.engine.begin() as connection:
            accepted = _store(connection, gateway_name, event_id, (raw, headers, event))
    except (WebhookForged, WebhookMalformed) as refusal:
        _keep_refused(gateway_name, raw, headers, why=refusal.user_message)
        raise
    _bell.ring()
    return accepted


def _store(
    connection: sa.Connection, gateway: str, event_id: str, what: tuple[bytes, Mapping[str, str], Event]
) -> Accepted:
    raw, headers, event = what
    known = connection.execute(_KNOWN_CPRN, {"gateway": gateway, "cprn": event.customer_ref}).first()
    inbox_id = new_id()
    fresh = execute_insert_ignore(connection, _I, [{
        "id": inbox_id, "provider": gateway, "event_id": event_id, "raw": raw, "headers": _kept(headers),
        "received_at": clock.now(), "state": "received" if known else "parked", "attempts": 0,
    }])  # fmt: skip
    if fresh:
        connection.execute(_QUEUE, _work(inbox_id))
    else:
        stored = connection.execute(_STORED, {"gateway": gateway, "event_id": event_id}).one()
        if stored.raw != raw:
            raise WebhookForged("X-Nonce was used before with another body.")
    return Accepted(event.tx_id, parked=known is None)


def _work(inbox_id: str) -> dict[str, Any]:
    """Return the outbox row of a fresh webhook, written beside it on its own connection."""
    now = clock.now()
    return {
        "id": new_id(), "queue": "payments", "kind": "payments.inbox", "key": f"inbox:{inbox_id}:0",
        "payload": {"inbox_id": inbox_id}, "state": "due", "not_before": now, "created_at": now,
        "attempts": 0,
    }  # fmt: skip


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers worth keeping: no cookies, no authorisation."""
    return {name: headers[name][:1000] for name in _KEPT_HEADERS if name in headers}


def _keep_refused(gateway: str, raw: bytes, headers: Mapping[str, str], *, why: str) -> None:
    """Keep what was refused in a transaction of its own: the request's will be rolled back.

    A repeated forgery is only counted, so that nobody can fill the table with one request.
    """
    seen = hashlib.sha256(raw + b"\n" + headers.get("X-Nonce", "").encode()).hexdigest()
    event_id = f"refused:{seen}"
    with own_transaction() as connection:
        fresh = execute_insert_ignore(connection, _I, [{
            "id": new_id(), "provider": gateway, "event_id": event_id, "raw": raw[:_KEPT_OF_REFUSED],
            "headers": _kept(headers), "received_at": clock.now(), "state": "refused", "attempts": 1,
            "last_error": why[:300],
        }])  # fmt: skip
        if not fresh:
            again = sa.update(_I).where(_I.c.provider == gateway, _I.c.event_id == event_id)
            connection.execute(again.values(attempts=_I.c.attempts + 1))
    log.warning("webhook.refused", gateway=gateway, why=why)


def replay(inbox_id: str, *, actor: str) -> None:
    """Process a stored webhook again (a staff verb); refused ones stay refused."""
    row = db.session.execute(sa.select(_I).where(_I.c.id == inbox_id).with_for_update()).first()
    if row is None:
        raise NotFound("There is no such webhook.")
    if row.state == "refused":
        raise Conflict("A refused webhook is never processed. Nothing was changed.")
    if row.state == "done":
        raise Conflict("This webhook is done already. Nothing was changed.")
    values: dict[str, Any] = {"state": "received", "attempts": 0}
    db.session.execute(sa.update(_I).where(_I.c.id == inbox_id).values(values))
    applying.queue_webhook(inbox_id, again=f"replay:{clock.now().timestamp()}")
    log.info("inbox.replayed", inbox_id=inbox_id, actor=actor)
    live.changed("inbox", "all")
