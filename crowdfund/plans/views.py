"""The plan and its simulator for everybody; for staff its versions and the decision about them."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import clock, money
from crowdfund.kernel.errors import CrowdfundError, InvalidFields
from crowdfund.kernel.fields import percents
from crowdfund.kernel.forms import RefusalForm, put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import decisions, identity, pages, requests, subjects
from crowdfund.people import queries as people
from crowdfund.plans import queries, service
from crowdfund.plans.forms import PlanForm, QuestionForm
from crowdfund.plans.rows import PlanRow
from crowdfund.plans.rules import questions, terms, words
from crowdfund.plans.rules.questions import Question
from crowdfund.plans.rules.simulating import Outcome
from crowdfund.plans.rules.terms import CURRENCY, Terms

bp = Blueprint("plans", __name__)
subjects.named("plan", queries.names)
_ONE = "/staff/plan/<string(length=32):plan_id>"


@bp.get("/plan")
def plan() -> Response:
    """Show what the plan pays today, and what it would pay in an example network."""
    form, status, result = QuestionForm(request.args, **questions.USUAL), 200, None
    today = terms.business_date(clock.now())
    current = queries.terms_on(today)
    try:
        result = _result(questions.clean(form.data), current)
    except InvalidFields as error:
        put_errors(form, error)
        status = error.status
    return pages.render(
        "plans/plan.html",
        status=status,
        form=form,
        lines=words.lines(current),
        result=result,
        ahead=queries.ahead(today),
    )


@bp.get("/staff/plan")
def index() -> Response:
    """Show the terms of today, and every version and proposal."""
    today, page = terms.business_date(clock.now()), queries.versions(requests.place())
    current = queries.version_on(today)
    actors = {one for row in page.rows for one in (row.asked_by, row.decided_by) if one}
    return pages.render(
        "plans/index.html",
        "plans/_versions.html",
        page=page,
        lines=words.lines(queries.terms_on(today)),
        states={row.id: _state(row, current) for row in page.rows},
        names=people.names(actors),
    )


@bp.route("/staff/plan/new", methods=["GET", "POST"])
def propose() -> BaseResponse:
    """Propose other terms with effect from a day."""
    form = PlanForm(**words.typed(queries.terms_on(terms.business_date(clock.now()))))
    if not form.validate_on_submit():
        return _proposal(form, 422 if form.errors else 200)
    try:
        plan_id = service.propose(form.data, actor=identity.signed_in().id)
    except CrowdfundError as error:
        put_errors(form, error)
        return _proposal(form, error.status)
    pages.flash(_("Proposed. A second person has to approve it."), "success")
    return _back(plan_id)


@bp.get(_ONE)
def show(plan_id: str) -> Response:
    """Show one version beside the one that it replaces, and the buttons for who may decide."""
    return _page(plan_id, RefusalForm(None))


@bp.post(f"{_ONE}/approve")
def approve(plan_id: str) -> BaseResponse:
    """Approve a colleague's proposal."""
    service.approve(plan_id, actor=identity.signed_in().id)
    pages.flash(_("Approved."), "success")
    return _back(plan_id)


@bp.post(f"{_ONE}/refuse")
def refuse(plan_id: str) -> BaseResponse:
    """Refuse a colleague's proposal with a reason."""
    return decisions.refuse(
        RefusalForm(),
        partial(service.refuse, plan_id, actor=identity.signed_in().id),
        partial(_page, plan_id),
        url_for("plans.show", plan_id=plan_id),
    )


@bp.post(f"{_ONE}/withdraw")
def withdraw(plan_id: str) -> BaseResponse:
    """Withdraw one's own proposal."""
    service.withdraw(plan_id, actor=identity.signed_in().id)
    pages.flash(_("Withdrawn. Nothing was changed."), "success")
    return _back(plan_id)


# --- helpers ------------------------------------------------------------------------------------


def _back(plan_id: str) -> BaseResponse:
    return pages.back(url_for("plans.show", plan_id=plan_id))


def _state(row: PlanRow, current: PlanRow | None) -> str:
    """Return the status of a version, and of an approved one whether it applies today."""
    if row.status != terms.Status.APPROVED:
        return row.status
    if current and row.id == current.id:
        return "in_force"
    return "ahead" if row.from_on > terms.business_date(clock.now()) else "replaced"


def _proposal(form: PlanForm, status: int) -> Response:
    tomorrow = terms.business_date(clock.now()) + timedelta(days=1)
    first_day = tomorrow.isoformat()
    return pages.render("plans/propose.html", status=status, form=form, first_day=first_day)


def _page(plan_id: str, form: RefusalForm, *, status: int = 200) -> Response:
    row, today = queries.version(plan_id), terms.business_date(clock.now())
    events = queries.history(plan_id)
    new, old = queries.terms_of(row), _replaced(row)
    usual = questions.USUAL_QUESTION
    context: dict[str, Any] = {
        "asked": row,
        "state": _state(row, queries.version_on(today)),
        "lines": words.compared(old, new),
        "results": [
            {"shape": label, **_both(replace(usual, shape=shape), old, new)}
            for shape, label in questions.SHAPES.items()
        ],
        "question": usual,
        "others": [one for one in queries.ahead(today) if one.id != row.id],
        "is_past": row.from_on <= today,
        "events": events,
        "names": people.names({row.asked_by, *(event.actor for event in events)}),
        "form": form,
    }
    return pages.render("plans/show.html", status=status, **context)


def _both(asked: Question, old: Terms, new: Terms) -> dict[str, Any]:
    """Return what two versions would pay in one network, and what the new one costs of sales."""
    after = _result(asked, new)
    return {
        "before_minor": asked.answer(old).paid_minor,
        "after_minor": after["outcome"].paid_minor,
        "cost": after["cost"],
    }


def _replaced(row: PlanRow) -> Terms:
    """Return the terms that apply on the first day of a version without it."""
    found = queries.version_on(row.from_on, but=row.id)
    return queries.terms_of(found) if found else terms.DEFAULT_TERMS


def _result(asked: Question, current: Terms) -> dict[str, Any]:
    """Return an answer of the simulator, as the page shows it."""
    outcome = asked.answer(current)
    most = max((band.members for band in outcome.bands), default=0)
    return {
        "outcome": outcome,
        "asked": asked,
        "nothing": percents.percent(outcome.earn_nothing * percents.WHOLE_BP // outcome.members),
        "top_tenth": percents.percent(outcome.top_tenth_bp),
        "cost": percents.percent(outcome.paid_minor * percents.WHOLE_BP // asked.sales_minor),
        "costs_more": outcome.paid_minor > asked.sales_minor,
        "bands": _bands(outcome, most),
    }


def _bands(outcome: Outcome, most: int) -> list[dict[str, Any]]:
    """Return the groups of earnings: label, members, and the width of the bar in thousandths."""
    found, below = [], 0
    for band in outcome.bands:
        if band.up_to_minor is None:
            label = _("more than %(amount)s", amount=money.fmt(below, CURRENCY))
        elif band.up_to_minor == 0:
            label = _("nothing")
        else:
            label = _("up to %(amount)s", amount=money.fmt(band.up_to_minor, CURRENCY))
            below = band.up_to_minor
        found.append(
            {"label": label, "members": band.members, "width": band.members * 1000 // most}
        )
    return found
