"""Follow one investment: its status, receipt, cancellation, the rest of its money."""

from datetime import datetime
from typing import cast

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns.rules import offers, securities
from crowdfund.investments import notices, queries, rules
from crowdfund.investments.rows import InvestmentRow
from crowdfund.investments.service import cancelling, reservations
from crowdfund.investments.views.blueprint import bp, status_url, units_of
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.queries import EntryRow
from crowdfund.notifications import receipts
from crowdfund.payments import queries as payments
from crowdfund.payments import reviews as payment_reviews
from crowdfund.payments import rules as payment_rules
from crowdfund.payments.rows import PaymentRow
from crowdfund.payments.rules import Review
from crowdfund.payments.service import short


@bp.get("/investments/<investment_id>")
def show(investment_id: str) -> Response:
    """Show the status of an investment; the timeline updates itself."""
    return _status_page(investment_id)


@bp.get("/investments/<investment_id>/receipt.pdf")
def receipt(investment_id: str) -> Response:
    """Send the receipt as a PDF file, in the reader's language."""
    content = notices.receipt(queries.for_owner(investment_id, identity.signed_in().id))
    response = Response(content, mimetype="application/pdf")
    name = receipts.file_name(investment_id)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/investments/<investment_id>/cancel")
def cancel(investment_id: str) -> BaseResponse:
    """Cancel an unpaid reservation of one's own; its room is free at once."""
    try:
        reservations.cancel(investment_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _status_page(investment_id, error)
    pages.flash(_("Your reservation is cancelled. Nothing was charged."), "success")
    return pages.back(status_url(investment_id))


@bp.route("/investments/<investment_id>/cancel-paid", methods=["GET", "POST"])
def cancel_paid(investment_id: str) -> BaseResponse:
    """Ask whether a paid investment of one's own is to be cancelled, then cancel it."""
    user_id = identity.signed_in().id
    investment = queries.for_owner(investment_id, user_id)
    if request.method == "GET":
        if investment.cancelled_at is not None or cancelling.refusal(investment_id):
            return pages.back(status_url(investment_id))
        return pages.render(
            "investments/cancel.html", investment=investment, units=units_of(investment)
        )
    try:
        cancelling.cancel_paid(investment_id, user_id=user_id)
    except Conflict as error:
        return _status_page(investment_id, error)
    if investment.rail == payment_rules.TOKEN:
        pages.flash(_("The contract is paying your tokens back."), "success")
    else:
        pages.flash(_("Your investment is cancelled."), "success")
    return pages.back(status_url(investment_id))


@bp.post("/investments/<investment_id>/rest")
def pay_rest(investment_id: str) -> BaseResponse:
    """Begin the payment of what is missing; its button appears on the same page."""
    try:
        reservations.pay_rest(investment_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _status_page(investment_id, error)
    return pages.back(status_url(investment_id))


def _status_page(investment_id: str, error: Conflict | None = None) -> Response:
    investment = queries.for_owner(investment_id, identity.signed_in().id)
    first = payments.get(str(investment.payment_id))
    rest, rest_ids, reviews = _rest(first)
    payment = rest.under_way if rest and rest.under_way else first
    received, times = _received(investment, first, reviews), queries.times(investment_id)
    is_questioned = not payment.is_received and payment_reviews.is_questioned(payment.id)
    is_open = is_questioned or any(one.is_open for one in reviews)
    return pages.render(
        "investments/show.html",
        "investments/_status.html",
        status=error.status if error else 200,
        error=error,
        investment=investment,
        units=units_of(investment),
        offered=offers.shown(investment),
        offer=offers.offer(investment.amount_minor, investment.currency, securities.of(investment)),
        payment=payment,
        first=first,
        rest=rest,
        reviews=reviews,
        progress=payment_rules.progress_of(payment),
        is_questioned=is_questioned,
        label=rules.label(investment.status, received),
        steps=rules.timeline(investment.status, times, received=received, rail=investment.rail),
        has_receipt="settled" in times,
        cancel_until=_cancel_until(investment),
        is_final=_is_final(investment, received) and not is_open,
        entries=_entries(investment, [first.id, *rest_ids]),
    )


def _rest(first: PaymentRow) -> tuple[short.Rest | None, list[str], list[Review]]:
    """Return what is missing of a payment, the payments for it, and the reviews of all of them."""
    reviews = payment_reviews.of_payment(first.id)
    rest = short.rest(first.id) if any(one.is_short and one.is_open for one in reviews) else None
    rest_ids = short.rest_ids(first.id) if any(one.is_short for one in reviews) else []
    reviews += payment_reviews.of_payment(*rest_ids) if rest_ids else []
    return rest, rest_ids, reviews


def _is_final(investment: InvestmentRow, received: rules.Received) -> bool:
    """Return whether a status stays; a cancelled investment's money may be on its way."""
    is_waiting = investment.status == rules.Status.CANCELLED and received.is_coming_back
    is_waiting = is_waiting or (investment.status in rules.IN and received.is_cancelled)
    return investment.status in rules.FINAL and not is_waiting


def _cancel_until(investment: InvestmentRow) -> datetime | None:
    """Return until when a paid investment can be cancelled, or None if it cannot."""
    if investment.cancelled_at is not None or cancelling.refusal(investment.id):
        return None
    return rules.cancel_until(cast(datetime, investment.ends_at))


def _received(
    investment: InvestmentRow, payment: PaymentRow, reviews: list[Review]
) -> rules.Received:
    """Return what was booked for an investment; what a gateway only claims is not among it."""
    misfit = next((one for one in reviews if one.is_misfit), None)
    progress = payment_rules.progress_of(payment)
    return rules.Received(
        payment.is_received,
        payment.status == "reversed",
        misfit,
        progress,
        is_cancelled=investment.cancelled_at is not None,
        has_lapsed=investment.cancelled_by == "system",
    )


def _entries(investment: InvestmentRow, payment_ids: list[str]) -> list[EntryRow]:
    paid = payment_reviews.entries(*payment_ids)
    return paid + ledger.entries_with_key_prefix("investment", investment.id)
