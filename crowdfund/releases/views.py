"""Staff: prepare a release, and decide about one that a colleague has prepared."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import tranches
from crowdfund.campaigns.service import releasing
from crowdfund.issuers import queries as issuers
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import RefusalForm, put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import decisions, identity, pages, subjects
from crowdfund.people import queries as people
from crowdfund.releases import queries, service
from crowdfund.releases.forms import PrepareForm
from crowdfund.releases.rows import RequestRow

bp = Blueprint("releases", __name__)
subjects.named("release", queries.names)
_ONE = "/staff/releases/<string(length=32):release_id>"


@bp.route("/staff/campaigns/<string(length=32):campaign_id>/release", methods=["GET", "POST"])
def prepare(campaign_id: str) -> BaseResponse:
    """Show exactly what a release would move, and ask a colleague to approve it."""
    campaign = campaigns.by_id(campaign_id)
    if waiting := queries.open_request(campaign_id):
        return pages.back(url_for("releases.request", release_id=waiting.id))
    releasing.refuse_release(campaign)
    form = PrepareForm()
    if not form.validate_on_submit():
        return _preparation(campaign, form, 422 if form.errors else 200)
    try:
        request_id = service.ask(campaign_id, form.reason.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        if error.field is None:
            raise
        put_errors(form, error)
        return _preparation(campaign, form, error.status)
    pages.flash(_("Prepared. A second person has to approve it. No money has moved."), "success")
    return pages.back(url_for("releases.request", release_id=request_id))


@bp.get(_ONE)
def request(release_id: str) -> Response:
    """Show a prepared release with its postings and transactions, and who may decide."""
    return _request(release_id, RefusalForm(None))


@bp.post(f"{_ONE}/approve")
def approve(release_id: str) -> BaseResponse:
    """Release what a colleague has prepared."""
    service.approve(release_id, actor=identity.signed_in().id)
    pages.flash(_("Money released. It is being recorded on chain."), "success")
    return pages.back(url_for("releases.request", release_id=release_id))


@bp.post(f"{_ONE}/refuse")
def refuse(release_id: str) -> BaseResponse:
    """Refuse a colleague's request with a reason."""
    return decisions.refuse(
        RefusalForm(),
        partial(service.refuse, release_id, actor=identity.signed_in().id),
        partial(_request, release_id),
        url_for("releases.request", release_id=release_id),
    )


@bp.post(f"{_ONE}/withdraw")
def withdraw(release_id: str) -> BaseResponse:
    """Withdraw one's own request."""
    service.withdraw(release_id, actor=identity.signed_in().id)
    pages.flash(_("Withdrawn. Nothing was changed."), "success")
    return pages.back(url_for("releases.request", release_id=release_id))


# --- helpers --------------------------------------------------------------------------------------


def _preparation(campaign: CampaignRow, form: PrepareForm, status: int) -> Response:
    shown = _shown(campaign, None)
    form.reason.flags.required = bool(shown["condition"])  # how it is met
    return pages.render(
        "releases/prepare.html",
        status=status,
        campaign=campaign,
        form=form,
        is_own=_is_own(campaign),
        **shown,
    )


def _request(release_id: str, form: RefusalForm, *, status: int = 200) -> Response:
    asked = queries.request(release_id)
    campaign, events = campaigns.by_id(asked.campaign_id), queries.history(release_id)
    return pages.render(
        "releases/request.html",
        status=status,
        asked=asked,
        campaign=campaign,
        form=form,
        events=events,
        names=people.names({event.actor for event in events} | {asked.asked_by}),
        is_own=_is_own(campaign),
        **_shown(campaign, asked),
    )


def _is_own(campaign: CampaignRow) -> bool:
    return issuers.is_member(campaign.company_id, identity.signed_in().id)


def _shown(campaign: CampaignRow, asked: RequestRow | None) -> dict[str, Any]:
    """Return what a release moves: as it was asked for, or the next part as it would be now."""
    number = asked.tranche if asked else campaign.tranches_paid
    parts = tranches.read(campaign.tranches)
    return {
        "part": number + 1,
        "parts": tranches.count(campaign.tranches),
        "condition": parts[number].condition if number < len(parts) else "",
        **service.amounts(asked or releasing.next_step(campaign)),
    }
