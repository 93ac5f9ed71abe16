"""Pages of a company's team: propose other terms, look at the difference, submit, follow."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.documents import rules as document_rules
from crowdfund.documents import service as document_service
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules.team import may
from crowdfund.kernel.db import rollback
from crowdfund.kernel.errors import CrowdfundError, FileRefused
from crowdfund.kernel.fields.percents import percent
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.term_changes import forms
from crowdfund.term_changes.queries import answers, changes
from crowdfund.term_changes.rows import ChangeRow
from crowdfund.term_changes.rules import terms
from crowdfund.term_changes.service import attaching, proposing
from crowdfund.term_changes.views.blueprint import bp, differences_of, document_of

_ALL = "/my/campaigns/<string(length=32):campaign_id>/term-changes"
_ONE = f"{_ALL}/<string(length=32):change_id>"
FILE_KIND = "memorandum"  # a PDF, checked and rewritten like any other
_RATES = ("interest_bps", "revenue_bps", "cap_bps")


@bp.get(_ALL)
def manage(campaign_id: str) -> Response:
    """List the changes of a campaign's terms to its team."""
    campaign = campaigns.for_member(campaign_id, identity.signed_in().id)
    return pages.render(
        "term_changes/manage.html",
        campaign=campaign,
        page=changes.all_of(campaign_id, requests.place()),
        current=changes.open_of(campaign_id),
        can_write=_may_write(campaign),
        is_live=_is_live(campaign),
    )


@bp.route(f"{_ALL}/new", methods=["GET", "POST"])
def write(campaign_id: str) -> BaseResponse:
    """Write other terms; they are a draft until they are submitted."""
    me = identity.signed_in().id
    campaign = campaigns.for_member(campaign_id, me, "campaign")
    current = changes.open_of(campaign_id)
    if current is not None:
        return _to(campaign_id, current.id)
    if not _is_live(campaign):
        return pages.back(url_for("term_changes.manage", campaign_id=campaign_id))
    form = _form(campaign, terms.of_campaign(campaign))
    if not form.validate_on_submit():
        return _editor(campaign, None, form, 422 if form.errors else 200)
    try:
        file = _examined(form)
        change_id = proposing.create(campaign_id, form.data, actor=me, file=file)
    except CrowdfundError as error:
        put_errors(form, error)
        return _editor(campaign, None, form, error.status)
    return _to(campaign_id, change_id)


@bp.get(_ONE)
def show(campaign_id: str, change_id: str) -> Response:
    """Show a change as investors will see it, and how many have answered."""
    campaign, change = changes.for_member(campaign_id, change_id, identity.signed_in().id, "view")
    return pages.render(
        "term_changes/show.html",
        "term_changes/_progress.html",
        campaign=campaign,
        change=change,
        here=url_for("term_changes.show", campaign_id=campaign_id, change_id=change_id),
        differences=differences_of(campaign, change),
        progress=answers.progress(change_id),
        events=changes.history(change_id),
        can_write=_may_write(campaign),
    )


@bp.get(f"{_ONE}/document")
def document(campaign_id: str, change_id: str) -> Response:
    """Send the document that a change adds."""
    _campaign, change = changes.for_member(campaign_id, change_id, identity.signed_in().id, "view")
    return document_of(change)


@bp.route(f"{_ONE}/edit", methods=["GET", "POST"])
def edit(campaign_id: str, change_id: str) -> BaseResponse:
    """Change the texts of a draft."""
    me = identity.signed_in().id
    campaign, change = changes.for_member(campaign_id, change_id, me, "campaign")
    form = _form(campaign, change.terms, change.reason)
    if not form.validate_on_submit():
        return _editor(campaign, change, form, 422 if form.errors else 200)
    try:
        proposing.save(change_id, form.data, file=_examined(form))
    except CrowdfundError as error:
        put_errors(form, error)
        return _editor(campaign, change, form, error.status)
    return _to(campaign_id, change_id)


@bp.post(f"{_ONE}/submit")
def submit(campaign_id: str, change_id: str) -> BaseResponse:
    """Submit a draft for review."""
    me = identity.signed_in().id
    changes.for_member(campaign_id, change_id, me, "campaign")
    proposing.submit(change_id, actor=me)
    pages.flash(_("Submitted. We will notify you of the decision."), "success")
    return _to(campaign_id, change_id)


@bp.post(f"{_ONE}/withdraw")
def withdraw(campaign_id: str, change_id: str) -> BaseResponse:
    """Give up a change that is not in force."""
    me = identity.signed_in().id
    changes.for_member(campaign_id, change_id, me, "campaign")
    proposing.withdraw(change_id, actor=me)
    pages.flash(_("Withdrawn. Nothing was published."), "success")
    return pages.back(url_for("term_changes.manage", campaign_id=campaign_id))


def _is_live(campaign: CampaignRow) -> bool:
    return campaign.status == "live" and not campaign.ending and not campaign.contract_result


def _may_write(campaign: CampaignRow) -> bool:
    role = issuers.role_of(campaign.company_id, identity.signed_in().id)
    return may(role, "campaign") and _is_live(campaign)


def _to(campaign_id: str, change_id: str) -> BaseResponse:
    return pages.back(url_for("term_changes.show", campaign_id=campaign_id, change_id=change_id))


def _form(campaign: CampaignRow, values: dict[str, object], reason: str = "") -> forms.ChangeForm:
    made = forms.FORMS.get(campaign.security_type or "", forms.ChangeForm)
    shown = {name: _shown(name, value) for name, value in values.items()}
    return made(**shown, reason=reason)


def _examined(form: forms.ChangeForm) -> attaching.Attachment | None:
    """Return the attached file, scanned and rewritten, without the database; None without one.

    Raises Invalid (no title), FileRefused.
    """
    upload = form.upload.data
    rollback()  # reading a file takes a moment: no other writer waits for it
    if not upload or not upload.filename:
        return None
    title = attaching.title_of(form.document_title.data)
    try:
        file = document_service.examine(FILE_KIND, upload.filename, upload.stream.read())
    except FileRefused as error:
        error.field = "upload"
        raise
    return attaching.Attachment(title, file)


def _shown(name: str, value: object) -> str:
    if name in _RATES and isinstance(value, int):
        return percent(value)
    return str(value or "")


def _editor(
    campaign: CampaignRow, change: ChangeRow | None, form: forms.ChangeForm, status: int
) -> Response:
    return pages.render(
        "term_changes/edit.html",
        status=status,
        campaign=campaign,
        change=change,
        form=form,
        accepted=document_rules.ACCEPTED[FILE_KIND],
    )
