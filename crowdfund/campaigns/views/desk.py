"""Staff: approvals, the list of campaigns, and one campaign with its decision and its money."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import forms, queries
from crowdfund.campaigns.rows import CampaignRow, QueueRow
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import ending, redirects, reviews
from crowdfund.campaigns.service import life as life_service
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.campaigns.views.editor import draft_context
from crowdfund.campaigns.views.public import figures
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import exports, money
from crowdfund.kernel.db.paging import MOST
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries as people_queries

_HEADER = ("id", "title", "company", "status", "submitted", "currency", "goal", "settled")


@bp.get("/staff/approvals")
def approvals() -> Response:
    """Show companies and campaigns that need a decision."""
    companies = issuers_queries.queue(status="submitted", size=10).rows
    campaigns = queries.queue(status="submitted", size=10).rows
    return pages.render(
        "campaigns/approvals.html",
        companies=companies,
        campaigns=campaigns,
        company_counts=issuers_queries.counts(),
        campaign_counts=queries.counts(),
        names=people_queries.names(
            {row.owner_id for row in companies} | {row.author_id for row in campaigns}
        ),
    )


@bp.get("/staff/campaigns")
def staff_list() -> Response:
    """List campaigns; the submitted ones oldest first."""
    args = request.args
    status = args.get("status", "submitted")
    return pages.render(
        "campaigns/staff_list.html",
        states=list(life.Status),
        page=queries.queue(status=status, text=args.get("q", ""), place=requests.place()),
        shown=status,
        counts=queries.counts(),
    )


@bp.get("/staff/campaigns.csv")
def staff_csv() -> Response:
    """Send every campaign that fits the filters."""
    status, text = request.args.get("status", "submitted"), request.args.get("q", "")
    rows = exports.walk(
        lambda place: queries.queue(status=status, text=text, place=place, size=MOST)
    )
    return exports.csv_file("campaigns.csv", _HEADER, _lines(rows))


def _lines(rows: Iterable[QueueRow]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        goal, settled = money.decimal_str(row.goal_minor or 0), money.decimal_str(row.settled_minor)
        state = (row.status, row.submitted_at)
        yield (row.id, row.title, row.trade_name, *state, row.currency, goal, settled)


@bp.get("/staff/campaigns/<string(length=32):campaign_id>")
def staff_detail(campaign_id: str) -> Response:
    """Show one campaign to staff."""
    return _detail(campaign_id, forms.ReasonForm())


@bp.get("/staff/campaigns/<string(length=32):campaign_id>/state")
def staff_state(campaign_id: str) -> Response:
    """Show where a campaign stands, alone, for live updates."""
    campaign = queries.by_id(campaign_id)
    context = {"campaign": campaign, **figures(campaign), **_history(campaign_id)}
    return pages.render("campaigns/_staff_state.html", is_own=_is_own(campaign), **context)


@bp.post("/staff/campaigns/<string(length=32):campaign_id>/approve")
def approve(campaign_id: str) -> BaseResponse:
    """Approve a campaign and have it deployed."""
    reviews.approve(campaign_id, actor=identity.signed_in().id)
    pages.flash(_("Approved. The contract is being created."), "success")
    return _back(campaign_id)


@bp.post("/staff/campaigns/<string(length=32):campaign_id>/reject")
def reject(campaign_id: str) -> BaseResponse:
    """Send a campaign back to its company with a reason."""
    form = forms.ReasonForm()
    try:
        reviews.reject(campaign_id, form.reason.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        return _show(campaign_id, form, error)
    pages.flash(_("Sent back. The company will see your reason."), "success")
    return pages.back(url_for("campaigns.staff_list"))


@bp.post("/staff/campaigns/<string(length=32):campaign_id>/cancel")
def cancel(campaign_id: str) -> BaseResponse:
    """Cancel a campaign; all investors of a live one are refunded."""
    form = forms.ReasonForm()
    try:
        ending.cancel(campaign_id, form.reason.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        return _show(campaign_id, form, error)
    pages.flash(_("The campaign is being cancelled."), "success")
    return _back(campaign_id)


@bp.post("/staff/campaigns/<string(length=32):campaign_id>/deploy")
def deploy(campaign_id: str) -> BaseResponse:
    """Try to make the contract of an approved campaign again."""
    life_service.deploy(campaign_id, actor=identity.signed_in().id)
    pages.flash(_("The contract is being created."), "info")
    return _back(campaign_id)


@bp.post("/staff/campaigns/<string(length=32):campaign_id>/retry")
def retry(campaign_id: str) -> BaseResponse:
    """Send a refused closing or release again."""
    ending.retry_ending(campaign_id, actor=identity.signed_in().id)
    pages.flash(_("Sent again."), "info")
    return _back(campaign_id)


@bp.route("/staff/campaigns/<string(length=32):campaign_id>/redirect", methods=["GET", "POST"])
def redirect(campaign_id: str) -> BaseResponse:
    """Ask a second admin to send the release to another wallet."""
    form = forms.RedirectForm()
    if not form.validate_on_submit():
        return _redirect_page(campaign_id, form, 422 if request.method == "POST" else 200)
    wallet, reason = form.wallet_address.data or "", form.reason.data or ""
    try:
        request_id = redirects.ask_redirect(
            campaign_id, wallet, reason, actor=identity.signed_in().id
        )
    except CrowdfundError as error:
        if error.field is None:
            raise
        put_errors(form, error)
        return _redirect_page(campaign_id, form, error.status)
    pages.flash(_("Request sent. Another admin has seven days to approve it."), "success")
    return pages.back(url_for("chain.key_request", request_id=request_id))


def _redirect_page(campaign_id: str, form: forms.RedirectForm, status: int) -> Response:
    campaign = queries.by_id(campaign_id)
    return pages.render("campaigns/redirect.html", status=status, campaign=campaign, form=form)


def _back(campaign_id: str) -> BaseResponse:
    return pages.back(url_for("campaigns.staff_detail", campaign_id=campaign_id))


def _show(campaign_id: str, form: forms.ReasonForm, error: CrowdfundError) -> Response:
    """Show what is wrong with a reason in the page; the web shell shows any other error."""
    if error.field != "reason":
        raise error
    put_errors(form, error)
    return _detail(campaign_id, form, status=422)


def _is_own(campaign: CampaignRow) -> bool:
    """Return whether the reader belongs to the company, so that a colleague has to decide."""
    me = identity.signed_in().id
    return me == campaign.author_id or issuers_queries.is_member(campaign.company_id, me)


def _history(campaign_id: str) -> dict[str, Any]:
    events = queries.history(campaign_id)
    return {"events": events, "names": people_queries.names({event.actor for event in events})}


def _detail(campaign_id: str, form: forms.ReasonForm, *, status: int = 200) -> Response:
    campaign = queries.by_id(campaign_id)
    context = {
        **draft_context(campaign),
        **figures(campaign),
        **_history(campaign_id),
        "editable": False,
    }
    return pages.render(
        "campaigns/staff_detail.html",
        status=status,
        campaign=campaign,
        form=form,
        is_own=_is_own(campaign),
        **context,
    )
