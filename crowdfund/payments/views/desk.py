"""Staff pages: payments and their exceptions. A regulator reads; finance and admin decide."""

from datetime import datetime

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import clock
from crowdfund.kernel.errors import CrowdfundError, Invalid
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.payments import desk_queries, forms, queries, reviews, rules
from crowdfund.payments.rows import ExceptionRow
from crowdfund.payments.rules import Kind, Resolution
from crowdfund.payments.service import purposes, resolving, returning, short, starting
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
    status, gateway, search = (
        request.args.get(name, "")[:80] for name in ("status", "gateway", "q")
    )
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
        entries=reviews.entries(payment_id),
        exceptions=found,
        purpose_url=purposes.purpose_url(payment.purpose_kind, payment.purpose_id),
    )


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
    page = desk_queries.exceptions_page(
        state="" if state == "all" else state, place=requests.place()
    )
    return pages.render(
        "payments/exceptions.html", "payments/_exceptions.html", page=page, state=state
    )


@bp.get("/staff/exceptions/<exception_id>")
def exception(exception_id: str) -> Response:
    """Show one exception with its choices, its proposal and its history."""
    return _exception_page(exception_id)


@bp.route("/staff/exceptions/<exception_id>/resolve", methods=["GET", "POST"])
def resolve(exception_id: str) -> BaseResponse:
    """Show what a decision would move and ask to confirm it; carry it out once it is confirmed."""
    found = queries.exception(exception_id)
    try:
        resolution = _chosen(found)
    except CrowdfundError as error:
        return _exception_page(exception_id, error)
    form = forms.confirm_form(resolution)
    if not form.validate_on_submit():
        return _confirm_page(found, resolution, form, status=422 if form.errors else 200)
    try:
        resolving.resolve(
            exception_id,
            resolution,
            actor=identity.signed_in().id,
            reason=form.reason.data or "",
            reference=(form.reference.data or "") if "reference" in form else "",
        )
    except Invalid as error:
        pages.put_error(form, error)
        return _confirm_page(found, resolution, form, status=error.status)
    except CrowdfundError as error:
        return _exception_page(exception_id, error)
    pages.flash(_("Your decision has been carried out. It is in the history."), "success")
    return pages.back(url_for("payments.exception", exception_id=exception_id))


def _chosen(found: ExceptionRow) -> Resolution:
    """Return the chosen resolution; raises Invalid or Conflict when it cannot be confirmed."""
    chosen = request.values.get("resolution", "")
    if not chosen:
        raise Invalid(_("Choose what should happen."), field="resolution")
    return resolving.check(found, chosen, actor=identity.signed_in().id)


def _exception_page(exception_id: str, error: CrowdfundError | None = None) -> Response:
    found = queries.exception(exception_id)
    history = queries.exception_history(exception_id)
    people = {row.actor for row in history} | ({found.user_id} if found.user_id else set())
    choices = resolving.choices(found)
    form = forms.choice_form(choices)
    if error is not None:
        pages.put_error(form, error)
    return pages.render(
        "payments/exception.html",
        status=error.status if error else 200,
        found=found,
        explanation=forms.EXPLAINED.get(found.kind),
        form=form,
        cannot_return=_cannot_return(found),
        rest_until=_rest_until(found),
        plans={one: resolving.preview(found, one) for one in choices},
        effects={one: forms.effect(found.kind, one) for one in choices},
        history=history,
        people=people_queries.names(people),
        payment=queries.find(found.payment_id) if found.payment_id else None,
    )


def _rest_until(found: ExceptionRow) -> datetime | None:
    """Return until when the payer may pay the rest of money that came short, or None."""
    is_short = found.kind == Kind.TOO_LITTLE and found.state == "open" and found.payment_id
    rest = short.rest(str(found.payment_id)) if is_short else None
    return rest.until if rest and clock.now() < rest.until else None


def _cannot_return(found: ExceptionRow) -> bool:
    """Return whether this money could go back, but not through its gateway."""
    is_to_decide = found.held and found.state == "open"
    return is_to_decide and not returning.is_possible(found)


def _confirm_page(
    found: ExceptionRow, resolution: Resolution, form: forms.ConfirmForm, *, status: int
) -> Response:
    return pages.render(
        "payments/resolve.html",
        status=status,
        found=found,
        form=form,
        question=forms.QUESTIONS[resolution],
        label=forms.LABELS[resolution],
        postings=resolving.preview(found, resolution),
        effect=forms.effect(found.kind, resolution),
        people=people_queries.names({found.user_id} if found.user_id else set()),
        payment=queries.find(found.payment_id) if found.payment_id else None,
    )
