"""The staff lists of payments as files."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Response, request

from crowdfund.kernel import exports, money
from crowdfund.payments import queries
from crowdfund.payments.views.blueprint import bp

PAGE = 1_000
PAYMENTS = ("id", "started", "person", "gateway", "transaction", "purpose", "purpose_id", "status", "amount",
            "currency", "received", "received_currency")  # fmt: skip
EXCEPTIONS = ("id", "opened", "payment", "kind", "state", "amount", "currency", "resolution", "resolved",
              "money_received")  # fmt: skip
WEBHOOKS = ("id", "received", "provider", "event", "payment", "state", "tries", "note")


class _Page(NamedTuple):
    rows: list[Any]
    next: str | None


@bp.get("/staff/payments.csv")
def index_csv() -> Response:
    """Send every payment that fits the filters, newest first."""
    status, gateway, search = (request.args.get(name, "")[:80] for name in ("status", "gateway", "q"))

    def read(before: str) -> _Page:
        page = queries.payments_page(status=status, gateway=gateway, search=search, before=before, limit=PAGE)
        return _Page(page.rows, page.next_before)

    return exports.csv_file("payments.csv", PAYMENTS, _payments(exports.keyset(read)))


@bp.get("/staff/exceptions.csv")
def exceptions_csv() -> Response:
    """Send every exception in a state, newest first."""
    state = request.args.get("state", "open")

    def read(before: str) -> _Page:
        page = queries.exceptions_page(state="" if state == "all" else state, before=before, limit=PAGE)
        return _Page(page.rows, page.next_before)

    return exports.csv_file("exceptions.csv", EXCEPTIONS, _exceptions(exports.keyset(read)))


@bp.get("/staff/webhooks.csv")
def inbox_csv() -> Response:
    """Send every webhook that fits the filters, newest first, without bodies."""
    state, search = request.args.get("state", ""), request.args.get("q", "")[:80]

    def read(before: str) -> _Page:
        page = queries.inbox_page(state=state, search=search, before=before, limit=PAGE)
        return _Page(page.rows, page.next_before)

    return exports.csv_file("webhooks.csv", WEBHOOKS, _webhooks(exports.keyset(read)))


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
