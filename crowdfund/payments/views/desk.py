"""Staff pages: payments and their exceptions. A regulator reads; finance and admin decide."""

from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.ledger import queries as ledger
from crowdfund.payments import desk_queries, forms, queries, rules
from crowdfund.payments.service import exceptions as exceptions_service
from crowdfund.payments.service import purposes, starting
from crowdfund.payments.views.blueprint import bp
from crowdfund.people import queries as people_queries


@bp.get("/staff/payments")
def index() -> Response:
    """List payments with filters and totals, newest first."""
    wanted = wanted_payments()
    page = desk_queries.payments_page(wanted, requests.place())
    return pages.render(
        "payments/index.html",
        "payments/_list.html",
        page=page,
        people=people_queries.names({row.user_id for row in page.rows}),
        totals=desk_queries.payment_totals(wanted),
        held=desk_queries.suspense(),
        counts=desk_queries.counts(),
        statuses=list(rules.Status),
        gateways=sorted({row.gateway for row in page.rows} | {"bill_bitts"}),
    )


def wanted_payments() -> desk_queries.PaymentFilter:
    """Return what the address asks for."""
    status, gateway, search = (request.args.get(name, "")[:80] for name in ("status", "gateway", "q"))
    return desk_queries.PaymentFilter(status, gateway, search)


@bp.get("/staff/payments/<payment_id>")
def detail(payment_id: str) -> Response:
    """Show everything about one payment: steps, webhooks, postings, exceptions."""
    payment = queries.get(payment_id)
    history = queries.timeline(payment_id)
    found = queries.exceptions_of(payment_id)
    return pages.render(
        "payments/detail.html",
        "payments/_detail.html",
        payment=payment,
        history=history,
        cprn=queries.cprn_of(payment.user_id, payment.gateway),
        people=people_queries.names({payment.user_id, *(row.actor for row in history)}),
        webhooks=queries.webhooks_of(payment_id),
        entries=_entries(payment_id, found),
        exceptions=found,
        purpose_url=purposes.purpose_url(payment.purpose_kind, payment.purpose_id),
    )


def _entries(payment_id: str, found: list[Any]) -> list[dict[str, Any]]:
    entries = ledger.entries_for("payment", payment_id)
    for one in found:
        if one.kind == rules.Kind.DUPLICATE:  # booked under the transaction: no payment asked for it
            entries += ledger.entries_for("tx", f"{one.gateway}:{one.tx_id}")
        entries += ledger.entries_for("exception", one.id)
    return entries


@bp.post("/staff/payments/<payment_id>/check")
def check(payment_id: str) -> BaseResponse:
    """Ask the gateway about a payment now."""
    starting.check_now(payment_id)
    pages.flash(_("Checking with the gateway. This page updates automatically."), "info")
    return pages.back(url_for("payments.detail", payment_id=payment_id))


@bp.get("/staff/exceptions")
def exceptions() -> Response:
    """List what waits for a decision, newest first; resolved ones on request."""
    state = request.args.get("state", "open")
    page = desk_queries.exceptions_page(state="" if state == "all" else state, place=requests.place())
    return pages.render("payments/exceptions.html", "payments/_exceptions.html", page=page, state=state)


@bp.get("/staff/exceptions/<exception_id>")
def exception(exception_id: str) -> Response:
    """Show one exception with its proposal and its history."""
    return _exception_page(exception_id)


@bp.post("/staff/exceptions/<exception_id>/resolve")
def resolve(exception_id: str) -> BaseResponse:
    """Carry out a decision."""
    form = forms.resolve_form(exceptions_service.choices(queries.exception(exception_id)))
    if not form.validate_on_submit():
        return _exception_page(exception_id, form, status=422)
    try:
        exceptions_service.resolve(
            exception_id,
            form.resolution.data or "",
            actor=identity.current_user().id,
            reason=(form.reason.data or "")[:900],
        )
    except CrowdfundError as error:
        pages.put_error(form, error)
        return _exception_page(exception_id, form, status=error.status)
    pages.flash(_("Done. The decision is in the history."), "success")
    return pages.back(url_for("payments.exception", exception_id=exception_id))


def _exception_page(
    exception_id: str, form: forms.ResolveForm | None = None, *, status: int = 200
) -> Response:
    found = queries.exception(exception_id)
    history = queries.exception_history([exception_id])
    people = {row.actor for row in history} | ({found.user_id} if found.user_id else set())
    return pages.render(
        "payments/exception.html",
        status=status,
        found=found,
        explained=forms.EXPLAINED.get(found.kind),
        form=form or forms.resolve_form(exceptions_service.choices(found)),
        history=history,
        people=people_queries.names(people),
        payment=queries.find(found.payment_id) if found.payment_id else None,
    )
