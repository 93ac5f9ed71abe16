"""Background work of payments: outside calls first, without a lock; then one transaction."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import structlog

from .. import outbox
from ..adapters import gateways
from ..adapters.gateways import GatewayError, GatewayForeign, GatewayUnclear, Initiated
from ..db import db, reading
from ..outbox import Row
from . import queries, service
from .rules import Status

log = structlog.get_logger()
THREADS = 8
BATCH = 100
T = TypeVar("T")
Pair = tuple[str, str]


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    """Return this process's threads for status queries; each keeps its connection alive."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")


# --- what asks the gateway, outside of transactions ------------------------------------------------


def ask(pairs: Iterable[Pair]) -> dict[Pair, Any]:
    """Return the gateway's answer for each (gateway, name), asked at the same time."""
    wanted = list(dict.fromkeys(pairs))
    if len(wanted) < 2:
        return {pair: _ask_one(pair) for pair in wanted}
    return dict(zip(wanted, _pool().map(_ask_one, wanted), strict=True))


def _ask_one(pair: Pair) -> Any:  # noqa: ANN401 - Truth, Unclear, Foreign or None
    try:
        return gateways.get(pair[0]).query(pair[1])
    except GatewayForeign as error:
        return service.Foreign(error.user_message)
    except GatewayError as error:
        return service.Unclear(error.user_message, is_malformed=isinstance(error, GatewayUnclear))


def _ask_about_webhooks(rows: list[Row]) -> dict[Pair, Any]:
    """One query for each payment of the batch that is not settled yet."""
    with reading():
        webhooks = service.load_webhooks([row.payload["inbox_id"] for row in rows])
        pairs = {(webhook.provider, webhook.event.tx_id) for webhook in webhooks}
        settled = {(row.gateway, row.tx_id) for row in queries.by_tx(pairs) if row.status == Status.SETTLED}
        db.session.remove()
    return ask(pairs - settled)


def _ask_about_payments(rows: list[Row]) -> dict[Pair, Any]:
    return ask(_each(rows, _name_at_gateway).values())


def _name_at_gateway(row: Row) -> Pair:
    payment = queries.get(row.payload["payment_id"])
    return payment.gateway, payment.tx_id or payment.id


def _initiate(rows: list[Row]) -> dict[str, Any]:
    return _each(
        rows,
        lambda row: service.initiate_at_gateway(
            row.payload["payment_id"], attempt=row.payload.get("attempt", 0) or row.attempts
        ),
    )


def _register(rows: list[Row]) -> dict[str, Any]:
    return _each(
        rows, lambda row: service.register_at_gateway(row.payload["user_id"], row.payload["gateway"])
    )


def _each(rows: list[Row], function: Callable[[Row], T]) -> dict[str, T]:
    """Return the function's result by row id: another worker may take some rows before the lock."""
    with reading():
        found = {row.id: function(row) for row in rows}
        db.session.remove()
    return found


# --- handlers ---------------------------------------------------------------------------------------


@outbox.handler("payments.inbox", queue="payments", batch=BATCH, prepare=_ask_about_webhooks)
def work_inbox(rows: list[Row], answers: dict[Pair, Any]) -> None:
    """Apply a batch of webhooks in one transaction."""
    service.apply_webhooks([row.payload["inbox_id"] for row in rows], answers)


@outbox.handler("payments.register", queue="payments", prepare=_register)
def register(rows: list[Row], answers: dict[str, str | service.Failed | None]) -> None:
    """Store a customer's number before the first payment is opened."""
    for row in rows:
        cprn = answers[row.id]
        if isinstance(cprn, str):
            service.keep_customer(row.payload["user_id"], row.payload["gateway"], cprn)
        elif cprn is not None:
            raise outbox.Retry(min(2.0**row.attempts, 300.0), cprn.why)


@outbox.handler("payments.initiate", queue="payments", batch=10, prepare=_initiate)
def initiate(rows: list[Row], answers: dict[str, Initiated | service.Failed | None]) -> None:
    """Store the transactions that the gateway opened."""
    for row in rows:
        attempt = row.payload.get("attempt", 0)
        service.keep_initiated(row.payload["payment_id"], answers[row.id], attempt=attempt)


@outbox.handler("payments.check", queue="payments", batch=BATCH, prepare=_ask_about_payments)
def check(rows: list[Row], answers: dict[Pair, Any]) -> None:
    """Compare payments with the gateway's status."""
    service.apply_truths([row.payload["payment_id"] for row in rows], answers)


@outbox.every(60, "payments.reconcile", queue="payments")
def reconcile() -> None:
    """Ask about payments that nobody spoke of for some minutes."""
    service.queue_checks()
