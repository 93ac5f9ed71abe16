"""Staff: changes of terms that wait, one of them with its difference, and the decision."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.issuers import queries as issuers
from crowdfund.kernel import clock
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries as people
from crowdfund.term_changes import forms
from crowdfund.term_changes.queries import answers, changes
from crowdfund.term_changes.rows import ChangeRow
from crowdfund.term_changes.rules.life import Status
from crowdfund.term_changes.service import deciding
from crowdfund.term_changes.views.blueprint import bp, differences_of, document_of

_ONE = "/staff/term-changes/<string(length=32):change_id>"


@bp.get("/staff/term-changes")
def staff_list() -> Response:
    """List the changes of terms; the waiting ones oldest first."""
    status = request.args.get("status", str(Status.SUBMITTED))
    return pages.render(
        "term_changes/staff_list.html",
        states=changes.QUEUE,
        page=changes.queue(status, requests.place()),
        shown=status,
        counts=changes.counts(),
    )


@bp.get(_ONE)
def staff_show(change_id: str) -> Response:
    """Show one change of terms with its decision."""
    return _page(change_id, forms.RejectForm())


@bp.get(f"{_ONE}/document")
def staff_document(change_id: str) -> Response:
    """Send the document that a change adds."""
    return document_of(changes.for_staff(change_id))


@bp.post(f"{_ONE}/material")
def approve_material(change_id: str) -> BaseResponse:
    """Put a change in force and ask every investor."""
    changes.for_staff(change_id)
    deciding.approve_material(change_id, actor=identity.signed_in().id)
    pages.flash(_("Published as material. The investors are being asked."), "success")
    return _back(change_id)


@bp.post(f"{_ONE}/correction")
def approve_correction(change_id: str) -> BaseResponse:
    """Put a change in force as a correction."""
    changes.for_staff(change_id)
    deciding.approve_correction(change_id, actor=identity.signed_in().id)
    pages.flash(_("Published as a correction. The campaign's page says so."), "success")
    return _back(change_id)


@bp.post(f"{_ONE}/reject")
def reject(change_id: str) -> BaseResponse:
    """Send a change back to its company with a reason."""
    form = forms.RejectForm()
    changes.for_staff(change_id)
    try:
        deciding.reject(change_id, form.reason.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        if error.field != "reason":
            raise
        put_errors(form, error)
        return _page(change_id, form, status=422)
    pages.flash(_("Sent back. The company will see your reason."), "success")
    return pages.back(url_for("term_changes.staff_list"))


def _back(change_id: str) -> BaseResponse:
    return pages.back(url_for("term_changes.staff_show", change_id=change_id))


def _page(change_id: str, form: forms.RejectForm, *, status: int = 200) -> Response:
    change = changes.for_staff(change_id)
    campaign = campaigns.by_id(change.campaign_id)
    events = changes.history(change_id)
    is_past = campaign.ends_at is None or clock.now() > campaign.ends_at
    return pages.render(
        "term_changes/staff_show.html",
        "term_changes/_progress.html",
        status=status,
        campaign=campaign,
        change=change,
        here=url_for("term_changes.staff_show", change_id=change_id),
        form=form,
        differences=differences_of(campaign, change),
        progress=answers.progress(change_id),
        events=events,
        names=people.names({event.actor for event in events}),
        is_own=_is_own(campaign, change),
        is_past=is_past,
    )


def _is_own(campaign: CampaignRow, change: ChangeRow) -> bool:
    """Return whether the reader belongs to the company, so that a colleague has to decide."""
    me = identity.signed_in().id
    authors = (campaign.author_id, change.author_id)
    return me in authors or issuers.is_member(campaign.company_id, me)
