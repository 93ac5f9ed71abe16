"""Staff: the exchange rates of tokens, proposals of new ones and the decision about them."""

from fractions import Fraction
from functools import partial
from typing import Any

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.exchange_rates import queries, rules, service
from crowdfund.exchange_rates.forms import RateForm
from crowdfund.exchange_rates.rows import RequestRow
from crowdfund.kernel import clock, config
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import RefusalForm, options, put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import decisions, identity, pages, requests, subjects
from crowdfund.people import queries as people
from crowdfund.token_payments import queries as rates
from crowdfund.token_payments.rules import rate_words

bp = Blueprint("exchange_rates", __name__)
bp.add_app_template_filter(rate_words, "rate_words")
subjects.named("rate", queries.names)
_ONE = "/staff/rates/<string(length=32):rate_request_id>"


@bp.get("/staff/rates")
def index() -> Response:
    """Show the rates in force, and every proposal."""
    page, current = queries.requests(requests.place()), queries.in_force(clock.now())
    actors = {one for row in page.rows for one in (row.asked_by, row.decided_by) if one}
    return pages.render(
        "exchange_rates/index.html",
        "exchange_rates/_rates.html",
        page=page,
        current=current,
        names=people.names(actors),
    )


@bp.get("/staff/rates/history")
def history() -> Response:
    """List every rate that was ever added, the newest date first."""
    page = rates.every_rate(requests.place())
    return pages.render(
        "exchange_rates/history.html",
        page=page,
        in_force={row.id for row in queries.in_force(clock.now())},
        now=clock.now(),
        names=people.names({row.added_by for row in page.rows}),
    )


@bp.route("/staff/rates/new", methods=["GET", "POST"])
def propose() -> BaseResponse:
    """Propose a rate with effect from a day."""
    form = RateForm()
    form.token.choices = options((one, one) for one in queries.tokens())
    if not form.validate_on_submit():
        return _proposal(form, 422 if form.errors else 200)
    try:
        request_id = service.propose(form.data, actor=identity.signed_in().id)
    except CrowdfundError as error:
        put_errors(form, error)
        return _proposal(form, error.status)
    pages.flash(_("Proposed. A second person has to approve it."), "success")
    return _back(request_id)


@bp.get(_ONE)
def show(rate_request_id: str) -> Response:
    """Show one proposal beside the rate that applies then, and the buttons for who may decide."""
    return _page(rate_request_id, RefusalForm(None))


@bp.post(f"{_ONE}/approve")
def approve(rate_request_id: str) -> BaseResponse:
    """Approve a colleague's proposal."""
    service.approve(rate_request_id, actor=identity.signed_in().id)
    pages.flash(_("Approved."), "success")
    return _back(rate_request_id)


@bp.post(f"{_ONE}/refuse")
def refuse(rate_request_id: str) -> BaseResponse:
    """Refuse a colleague's proposal with a reason."""
    return decisions.refuse(
        RefusalForm(),
        partial(service.refuse, rate_request_id, actor=identity.signed_in().id),
        partial(_page, rate_request_id),
        url_for("exchange_rates.show", rate_request_id=rate_request_id),
    )


@bp.post(f"{_ONE}/withdraw")
def withdraw(rate_request_id: str) -> BaseResponse:
    """Withdraw one's own proposal."""
    service.withdraw(rate_request_id, actor=identity.signed_in().id)
    pages.flash(_("Withdrawn. Nothing was changed."), "success")
    return _back(rate_request_id)


def _back(request_id: str) -> BaseResponse:
    return pages.back(url_for("exchange_rates.show", rate_request_id=request_id))


def _proposal(form: RateForm, status: int) -> Response:
    today = clock.today(config.settings().time_zone)
    return pages.render(
        "exchange_rates/propose.html", status=status, form=form, today=today.isoformat()
    )


def _page(request_id: str, form: RefusalForm, *, status: int = 200) -> Response:
    asked = queries.request(request_id)
    events = queries.history(request_id)
    context: dict[str, Any] = {
        "asked": asked,
        "events": events,
        "names": people.names({asked.asked_by, *(event.actor for event in events)}),
        "form": form,
        **_compared(asked),
    }
    return pages.render("exchange_rates/show.html", status=status, **context)


def _compared(asked: RequestRow) -> dict[str, Any]:
    """Return the proposed rate in words, the one that it replaces, and how much they differ."""
    new = Fraction(asked.numerator, asked.denominator)
    at = max(asked.valid_from, clock.now()) if asked.status == "pending" else asked.asked_at
    before = rates.rate_at(asked.token, asked.currency, at)
    old = Fraction(before.numerator, before.denominator) if before else None
    return {
        "proposed": rules.decimal(new),
        "before": before,
        "change": rules.change_words(new, old) if old else "",
        "is_large": old is not None and abs(rules.change(new, old)) > rules.PLAUSIBLE,
        "is_parity": new == 1,
    }
