"""Public documents: the company's page of a draft, and the address where everyone reads them."""

from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import ipfs, storage
from crowdfund.campaigns import forms, queries
from crowdfund.campaigns.rules import drafts, life
from crowdfund.campaigns.service import documents as campaign_documents
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.campaigns.views.editor import may_write
from crowdfund.documents import rules as document_rules
from crowdfund.documents import service as document_service
from crowdfund.documents.sending import send
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import access
from crowdfund.kernel.db import reading, rollback
from crowdfund.kernel.errors import CrowdfundError, FileRefused
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages

_PAGE = "/my/campaigns/<string(length=32):campaign_id>/documents"


@bp.route(_PAGE, methods=["GET", "POST"])
def documents(campaign_id: str) -> BaseResponse:
    """Show the public documents of a campaign to its company, and add one to a draft."""
    me = identity.signed_in().id
    with reading():  # reading a file takes a moment: no other writer waits for it
        queries.for_member(campaign_id, me, "view" if request.method == "GET" else "campaign")
    rollback()
    form = forms.DocumentForm()
    if not form.validate_on_submit():
        return _page(campaign_id, form, 422 if form.errors else 200)
    try:
        _add(campaign_id, form, me)
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign_id, form, error.status)
    pages.flash(_("Added. Anyone can read it once your campaign is live."), "success")
    return pages.back(url_for("campaigns.documents", campaign_id=campaign_id))


@bp.post(_PAGE + "/<string(length=32):document_id>/remove")
def remove_document(campaign_id: str, document_id: str) -> BaseResponse:
    """Remove a document from a draft."""
    queries.for_member(campaign_id, identity.signed_in().id, "campaign")
    campaign_documents.remove_document(campaign_id, document_id)
    pages.flash(_("Removed."), "success")
    return pages.back(url_for("campaigns.documents", campaign_id=campaign_id))


@bp.get("/files/ipfs/<cid>")
def public_document(cid: str) -> BaseResponse:
    """Send a public document by its content id; one of a draft to its company and staff only."""
    found = [
        row for row in queries.documents_by_cid(cid) if row.is_public or _is_mine(row.company_id)
    ]
    if not found:
        raise queries.CampaignMissing(_("There is no such document."))
    row = found[0]
    response = send(document_service.Opened(row.filename, row.content_type, storage.read_cid(cid)))
    if row.is_public:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.set_etag(cid)
    return response.make_conditional(request)


def _is_mine(company_id: str) -> bool:
    person = identity.current_user()
    if person is None:
        return False
    return bool(access.EVERY_STAFF & set(person.roles)) or issuers_queries.is_member(
        company_id, person.id
    )


def _add(campaign_id: str, form: forms.DocumentForm, me: str) -> None:
    with reading():
        title = campaign_documents.check_new_document(campaign_id, form.title.data or "")
    rollback()
    upload = form.upload.data
    if not upload or not upload.filename:
        raise FileRefused(_("Choose the file."), field="upload")
    try:
        examined = document_service.examine("public", upload.filename, upload.stream.read())
    except FileRefused as error:
        error.field = "upload"
        raise
    campaign_documents.add_document(campaign_id, title, examined, actor=me)


def _page(campaign_id: str, form: forms.DocumentForm, status: int) -> Response:
    campaign = queries.by_id(campaign_id)
    context: dict[str, Any] = {
        "campaign": campaign,
        "documents": queries.documents(campaign_id),
        "form": form,
        "accepted": document_rules.ACCEPTED["public"],
        "editable": campaign.status == life.Status.DRAFT,
        "can_write": may_write(campaign.company_id),
        "most": drafts.MOST_DOCUMENTS,
        "pins": ipfs.is_configured(),
    }
    return pages.render(
        "campaigns/documents.html", "campaigns/_documents.html", status=status, **context
    )
