"""The staff lists of payments as files."""

from collections.abc import Iterator
from typing import Any

from flask import Response, request

from crowdfund.kernel import exports, money
from crowdfund.kernel.db.paging import MOST
from crowdfund.payments import desk_queries
from crowdfund.payments.views.blueprint import bp
from crowdfund.payments.views.desk import wanted_payments

PAYMENTS = ("id", "started", "person", "gateway", "transaction", "purpose", "purpose_id", "status", "amount",
            "currency", "received", "received_currency")  # fmt: skip
EXCEPTIONS = ("id", "opened", "payment", "kind", "state", "amount", "currency", "resolution", "resolved",
              "money_received")  # fmt: skip
WEBHOOKS = ("id", "received", "provider", "event", "payment", "state", "tries", "note")


@bp.get("/staff/payments.csv")
def index_csv() -> Response:
    """Send every payment that fits the filters, newest first."""
    wanted = wanted_payments()
    rows = exports.walk(lambda place: desk_queries.payments_page(wanted, place, size=MOST))
    return exports.csv_file("payments.csv", PAYMENTS, _payments(rows))


@bp.get("/staff/exceptions.csv")
def exceptions_csv() -> Response:
    """Send every exception in a state, newest first."""
    state = request.args.get("state", "open")
    state = "" if state == "all" else state
    rows = exports.walk(
        lambda place: desk_queries.exceptions_page(state=state, place=place, size=MOST)
    )
    return exports.csv_file("exceptions.csv", EXCEPTIONS, _exceptions(rows))


@bp.get("/staff/webhooks.csv")
def inbox_csv() -> Response:
    """Send every webhook that fits the filters, newest first, without bodies."""
    state, search = request.args.get("state", ""), request.args.get("q", "")[:80]
    rows = exports.walk(
        lambda place: desk_queries.inbox_page(state=state, search=search, place=place, size=MOST)
    )
    return exports.csv_file("webhooks.csv", WEBHOOKS, _webhooks(rows))


def _payments(rows: Iterator[Any]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (
            row.id, row.created_at, row.user_id, row.gateway, row.tx_id, row.purpose_kind, row.purpose_id,
            row.status, money.decimal_str(row.amount_minor, row.currency), row.currency, *_received(row),
        )  # fmt: skip


def _received(row: Any) -> tuple[str, str]:  # noqa: ANN401 - a row
    """Return what came in and is still there."""
    if row.received_minor is None or row.status == "reversed":
        return "", ""
    return money.decimal_str(row.received_minor, row.received_currency), row.received_currency


def _exceptions(rows: Iterator[Any]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (
            row.id, row.created_at, row.payment_id, row.kind, row.state, money.decimal_str(row.amount_minor),
            row.currency, row.resolution, row.resolved_at, "yes" if row.held else "no",
        )  # fmt: skip


def _webhooks(rows: Iterator[Any]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (
            row.id, row.received_at, row.provider, row.event_id, row.payment_id, row.state, row.attempts,
            row.last_error,
        )  # fmt: skip
