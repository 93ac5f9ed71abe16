"""Contract and books: for everyone, for staff, and requests to follow a contract."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.kernel.audit import shell as audit_shell
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import RefusalForm
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import decisions, identity, pages
from crowdfund.kernel.web import requests as web_requests
from crowdfund.people import queries as people_queries
from crowdfund.reconciliation import forms, queries
from crowdfund.reconciliation.rules import comparing, following, wording
from crowdfund.reconciliation.service import comparing as comparing_service
from crowdfund.reconciliation.service import following as following_service
from crowdfund.reconciliation.service.following import NotCompared

bp = Blueprint("reconciliation", __name__)
SIZE = 25
MOST_LINES = 100


@bp.get("/transparency/drift")
def drift() -> Response:
    """Show everyone whether our books and the contracts agree."""
    state = queries.state()
    differences = state.last.differences if state.last else []
    worded = [(one, comparing.words(one)) for one in differences]
    return pages.render("reconciliation/drift.html", state=state, differences=worded)


# --- one campaign ---------------------------------------------------------------------------------


@bp.get("/staff/campaigns/<string(length=32):campaign_id>/contract")
def contract(campaign_id: str) -> Response:
    """Show a campaign beside its contract, and what follows if it follows."""
    return _contract(campaign_id, forms.FollowForm(formdata=None))


@bp.post("/staff/campaigns/<string(length=32):campaign_id>/contract/compare")
def compare(campaign_id: str) -> BaseResponse:
    """Have the contract read again."""
    campaigns.by_id(campaign_id)
    comparing_service.request_comparison(campaign_id)
    pages.flash(_("Comparing now. The page updates automatically."), "info")
    return pages.back(url_for("reconciliation.contract", campaign_id=campaign_id))


@bp.post("/staff/campaigns/<string(length=32):campaign_id>/contract/follow")
def ask(campaign_id: str) -> BaseResponse:
    """Ask a second person to approve what the page shows."""
    campaigns.by_id(campaign_id)
    form = forms.FollowForm()
    try:
        request_id = following_service.ask(
            campaign_id,
            reason=form.reason.data or "",
            fingerprint=form.fingerprint.data or "",
            actor=_me(),
        )
    except CrowdfundError as error:
        if error.field is None:
            raise
        pages.put_error(form, error)
        return _contract(campaign_id, form, status=error.status)
    pages.flash(_("Request sent. A second person has to approve it."), "success")
    return pages.back(url_for("reconciliation.requested", follow_id=request_id))


def _contract(campaign_id: str, form: forms.FollowForm, *, status: int = 200) -> Response:
    campaign = campaigns.by_id(campaign_id)
    seen, obstacle = _preview(campaign_id)
    if seen is not None:
        form.fingerprint.data = seen.fingerprint
    row, books = queries.reading(campaign_id), queries.books(campaign_id)
    shown = queries.contract_of(row) if row and books else None
    differences = comparing.differences(books[0], shown) if shown else []
    return pages.render(
        "reconciliation/contract.html",
        "reconciliation/_contract.html",
        status=status,
        campaign=campaign,
        books=books[0] if books else None,
        contract=shown,
        reading=row,
        differences=[comparing.words(one.as_json()) for one in differences],
        open_request=queries.open_request_id(campaign_id),
        shown=_shown(seen.as_json()) if seen else None,
        obstacle=obstacle,
        form=form,
    )


def _preview(campaign_id: str) -> tuple[following_service.Preview | None, str]:
    """Return what would happen now, and why it cannot."""
    try:
        seen = following_service.preview(campaign_id)
    except (following.NothingToFollow, following.TooEarly, NotCompared) as error:
        return None, error.user_message
    return seen, seen.obstacle


def _shown(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what a page shows of a plan: sentences, investments with their people, postings."""
    plan, currency = following.Plan.from_json(stored["plan"]), stored["currency"]
    lines = [
        *((one, "returned") for one in plan.returned),
        *((one, "refunded") for one in plan.refunded),
        *((one, "not_counted") for one in plan.extra),
    ]
    return {
        "sentences": wording.plan_words(plan, currency),
        "lines": lines[:MOST_LINES],
        "more_lines": max(len(lines) - MOST_LINES, 0),
        "moves": stored["moves"][:MOST_LINES],
        "more_moves": max(len(stored["moves"]) - MOST_LINES, 0),
        "names": people_queries.names({one.user_id for one, _what in lines[:MOST_LINES]}),
        "currency": currency,
    }


# --- requests -------------------------------------------------------------------------------------


@bp.get("/staff/follow")
def requests() -> Response:
    """List requests, by default those that are pending."""
    status = request.args.get("status", "pending")
    shown = "" if status == "all" else status
    page = queries.requests(status=shown, place=web_requests.place(), size=SIZE)
    return pages.render(
        "reconciliation/requests.html",
        "reconciliation/_requests.html",
        page=page,
        shown=status,
        states=following.REQUEST_STATES,
        names=people_queries.names({row.asked_by for row in page.rows}),
    )


@bp.get("/staff/follow/<string(length=32):follow_id>")
def requested(follow_id: str) -> Response:
    """Show one request: what the requester saw, and the buttons for who may decide."""
    return _requested(follow_id, RefusalForm(formdata=None))


@bp.post("/staff/follow/<string(length=32):follow_id>/approve")
def approve(follow_id: str) -> BaseResponse:
    """Approve what a colleague asked for."""
    _about(follow_id)
    following_service.approve(follow_id, actor=_me())
    pages.flash(_("Approved. We read the contract once more and then carry it out."), "success")
    return pages.back(url_for("reconciliation.requested", follow_id=follow_id))


@bp.post("/staff/follow/<string(length=32):follow_id>/refuse")
def refuse(follow_id: str) -> BaseResponse:
    """Decline what a colleague asked for, with a reason."""
    _about(follow_id)
    return decisions.refuse(
        RefusalForm(),
        partial(following_service.refuse, follow_id, actor=_me()),
        partial(_requested, follow_id),
        url_for("reconciliation.requested", follow_id=follow_id),
        done=_("Refused. Nothing was moved."),
    )


@bp.post("/staff/follow/<string(length=32):follow_id>/withdraw")
def withdraw(follow_id: str) -> BaseResponse:
    """Withdraw one's own request."""
    _about(follow_id)
    following_service.withdraw(follow_id, actor=_me())
    pages.flash(_("Withdrawn. Nothing was moved."), "success")
    return pages.back(url_for("reconciliation.requested", follow_id=follow_id))


def _about(follow_id: str) -> None:
    """Record in the audit log which campaign this is about."""
    audit_shell.about("campaign", queries.request(follow_id).campaign_id, follow_id=follow_id)


def _requested(follow_id: str, form: RefusalForm, *, status: int = 200) -> Response:
    found = queries.request(follow_id)
    events = queries.request_history(follow_id)
    seen, obstacle = _preview(found.campaign_id) if found.status == "pending" else (None, "")
    is_outdated = found.status == "pending" and (
        seen is None or seen.fingerprint != found.fingerprint
    )
    return pages.render(
        "reconciliation/requested.html",
        "reconciliation/_requested.html",
        status=status,
        asked=found,
        campaign=campaigns.by_id(found.campaign_id),
        events=events,
        names=people_queries.names({found.asked_by, *(event.actor for event in events)}),
        shown=_shown(found.plan),
        is_outdated=is_outdated,
        obstacle=obstacle,
        form=form,
    )


def _me() -> str:
    return identity.signed_in().id
