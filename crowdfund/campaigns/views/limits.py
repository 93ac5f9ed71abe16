"""Staff: the dated limits of all campaigns, proposals of new ones and the decision about them."""

from functools import partial
from typing import Any

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import forms, limits_queries
from crowdfund.campaigns.rows import LimitsRow
from crowdfund.campaigns.rules import limits as rules
from crowdfund.campaigns.rules.terms import DEFAULT_LIMITS, Limits
from crowdfund.campaigns.service import limits as service
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.kernel import clock, config, money
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.fields import percents
from crowdfund.kernel.forms import RefusalForm, put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import decisions, identity, pages, requests, subjects
from crowdfund.people import queries as people

subjects.named("limits", limits_queries.names)
_ONE = "/staff/limits/<string(length=32):limits_id>"


@bp.get("/staff/limits")
def limits() -> Response:
    """Show the limits in force, and every version and proposal."""
    page, now = limits_queries.versions(requests.place()), clock.now()
    current = limits_queries.version_in_force(now)
    actors = {one for row in page.rows for one in (row.asked_by, row.decided_by) if one}
    return pages.render(
        "campaigns/limits.html",
        "campaigns/_limits.html",
        page=page,
        current=current,
        lines=_lines(limits_queries.in_force(now)),
        fee_percent=_fee(),
        states={row.id: _state(row, current) for row in page.rows},
        names=people.names(actors),
    )


@bp.route("/staff/limits/new", methods=["GET", "POST"])
def propose_limits() -> BaseResponse:
    """Propose new limits with effect from a day."""
    form = forms.LimitsForm(**_presets(limits_queries.in_force()))
    if not form.validate_on_submit():
        return _proposal(form, 422 if form.errors else 200)
    try:
        limits_id = service.propose(form.data, actor=identity.signed_in().id)
    except CrowdfundError as error:
        put_errors(form, error)
        return _proposal(form, error.status)
    pages.flash(_("Proposed. A second person has to approve it."), "success")
    return pages.back(url_for("campaigns.limits_version", limits_id=limits_id))


@bp.get(_ONE)
def limits_version(limits_id: str) -> Response:
    """Show one version beside the limits in force, and the buttons for who may decide."""
    return _version(limits_id, RefusalForm(None))


@bp.post(f"{_ONE}/approve")
def approve_limits(limits_id: str) -> BaseResponse:
    """Approve a colleague's proposal."""
    service.approve(limits_id, actor=identity.signed_in().id)
    pages.flash(_("Approved."), "success")
    return pages.back(url_for("campaigns.limits_version", limits_id=limits_id))


@bp.post(f"{_ONE}/refuse")
def refuse_limits(limits_id: str) -> BaseResponse:
    """Refuse a colleague's proposal with a reason."""
    return decisions.refuse(
        RefusalForm(),
        partial(service.refuse, limits_id, actor=identity.signed_in().id),
        partial(_version, limits_id),
        url_for("campaigns.limits_version", limits_id=limits_id),
    )


@bp.post(f"{_ONE}/withdraw")
def withdraw_limits(limits_id: str) -> BaseResponse:
    """Withdraw one's own proposal."""
    service.withdraw(limits_id, actor=identity.signed_in().id)
    pages.flash(_("Withdrawn. Nothing was changed."), "success")
    return pages.back(url_for("campaigns.limits_version", limits_id=limits_id))


# --- helpers ------------------------------------------------------------------------------------


def _presets(current: Limits) -> dict[str, str]:
    days = ("days_min", "days_max", "grace_days")
    amounts = [name for name in rules.FIELDS if name.endswith("_minor")]
    return {
        **{name: str(getattr(current, name)) for name in days},
        **{name: money.decimal_str(getattr(current, name)) for name in amounts},
        "threshold_bps": str(current.threshold_bps // 100),
    }


def _lines(current: Limits) -> list[dict[str, str]]:
    return [
        {"label": str(label), "value": rules.shown(current, name)}
        for name, label in rules.FIELDS.items()
    ]


def _fee() -> str:
    return percents.percent(DEFAULT_LIMITS.fee_bps)


def _state(row: LimitsRow, current: LimitsRow | None) -> str:
    """Return the status of a version, and of an approved one whether it is in force."""
    if row.status != "approved":
        return row.status
    if current and row.id == current.id:
        return "in_force"
    return "ahead" if row.valid_from > clock.now() else "replaced"


def _proposal(form: forms.LimitsForm, status: int) -> Response:
    today = clock.today(config.settings().time_zone)
    return pages.render(
        "campaigns/propose_limits.html",
        status=status,
        form=form,
        today=today.isoformat(),
        fee_percent=_fee(),
    )


def _version(limits_id: str, form: RefusalForm, *, status: int = 200) -> Response:
    row, now = limits_queries.version(limits_id), clock.now()
    events = limits_queries.history(limits_id)
    context: dict[str, Any] = {
        "asked": row,
        "state": _state(row, limits_queries.version_in_force(now)),
        "lines": rules.diff(limits_queries.in_force(now), row),
        "before": limits_queries.ahead(now, until=row.valid_from),
        "is_past": row.from_on < clock.today(config.settings().time_zone),
        "fee_percent": _fee(),
        "events": events,
        "names": people.names({row.asked_by, *(event.actor for event in events)}),
        "form": form,
    }
    return pages.render("campaigns/limits_version.html", status=status, **context)
