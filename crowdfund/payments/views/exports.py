"""The staff lists of payments as files."""

from flask import Response, request

from crowdfund.kernel import exports, money
from crowdfund.kernel.db.paging import MOST
from crowdfund.payments import desk_queries
from crowdfund.payments.rows import ExceptionRow, PaymentRow, WebhookRow
from crowdfund.payments.views.blueprint import bp
from crowdfund.payments.views.desk import wanted_payments

PAYMENTS = (
    "id",
    "started",
    "person",
    "gateway",
    "transaction",
    "purpose",
    "purpose_id",
    "status",
    "amount",
    "currency",
    "received",
    "received_currency",
)
EXCEPTIONS = (
    "id",
    "opened",
    "payment",
    "kind",
    "state",
    "amount",
    "currency",
    "resolution",
    "resolved",
    "money_received",
)
WEBHOOKS = ("id", "received", "provider", "event", "payment", "state", "tries", "note")
Cells = tuple[object, ...]


@bp.get("/staff/payments.csv")
def index_csv() -> Response:
    """Send every payment that fits the filters, newest first."""
    wanted = wanted_payments()
    rows = exports.walk(lambda place: desk_queries.payments_page(wanted, place, size=MOST))
    return exports.csv_file("payments.csv", PAYMENTS, map(_payment, rows))


@bp.get("/staff/exceptions.csv")
def exceptions_csv() -> Response:
    """Send every exception in a state, newest first."""
    state = request.args.get("state", "open")
    state = "" if state == "all" else state
    rows = exports.walk(
        lambda place: desk_queries.exceptions_page(state=state, place=place, size=MOST)
    )
    return exports.csv_file("exceptions.csv", EXCEPTIONS, map(_exception, rows))


@bp.get("/staff/webhooks.csv")
def inbox_csv() -> Response:
    """Send every webhook that fits the filters, newest first, without bodies."""
    state, search = request.args.get("state", ""), request.args.get("q", "")[:80]
    rows = exports.walk(
        lambda place: desk_queries.inbox_page(state=state, search=search, place=place, size=MOST)
    )
    return exports.csv_file("webhooks.csv", WEBHOOKS, map(_webhook, rows))


def _payment(row: PaymentRow) -> Cells:
    return (
        row.id,
        row.created_at,
        row.user_id,
        row.gateway,
        row.tx_id,
        row.purpose_kind,
        row.purpose_id,
        row.status,
        money.decimal_str(row.amount_minor, row.currency),
        row.currency,
        *_received(row),
    )


def _received(row: PaymentRow) -> tuple[str, str]:
    """Return amount and currency of what was received and not taken back."""
    if row.received_minor is None or row.received_currency is None or not row.is_received:
        return "", ""
    return money.decimal_str(row.received_minor, row.received_currency), row.received_currency


def _exception(row: ExceptionRow) -> Cells:
    return (
        row.id,
        row.created_at,
        row.payment_id,
        row.kind,
        row.state,
        money.decimal_str(row.amount_minor),
        row.currency,
        row.resolution,
        row.resolved_at,
        "yes" if row.held else "no",
    )


def _webhook(row: WebhookRow) -> Cells:
    return (
        row.id,
        row.received_at,
        row.provider,
        row.event_id,
        row.payment_id,
        row.state,
        row.attempts,
        row.last_error,
    )
