"""Pages of a company's team: write an update, add pictures, look at it, publish and correct it."""

from flask import Response, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.documents import service as documents
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules.team import may
from crowdfund.kernel.db import reading, rollback
from crowdfund.kernel.errors import CrowdfundError, FileRefused
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.updates import forms, queries, rules, service
from crowdfund.updates.rows import UpdateRow
from crowdfund.updates.views.blueprint import bp, safe_text, shown

_ALL = "/my/campaigns/<string(length=32):campaign_id>/updates"
_ONE = f"{_ALL}/<string(length=32):update_id>"


@bp.get(_ALL)
def manage(campaign_id: str) -> Response:
    """List the updates of a campaign in any state to its team."""
    campaign = campaigns.for_member(campaign_id, identity.signed_in().id)
    return pages.render(
        "updates/manage.html",
        campaign=campaign,
        page=queries.all_of(campaign_id, requests.place()),
        can_write=_may_write(campaign),
        is_open=rules.is_open(campaign.status, campaign.starts_at),
    )


@bp.route(f"{_ALL}/new", methods=["GET", "POST"])
def write(campaign_id: str) -> BaseResponse:
    """Write a new update; it is a draft until it is published."""
    me = identity.signed_in().id
    campaign = campaigns.for_member(campaign_id, me, "campaign")
    if not rules.is_open(campaign.status, campaign.starts_at):
        return pages.back(url_for("updates.manage", campaign_id=campaign_id))
    form = forms.UpdateForm()
    if not form.validate_on_submit():
        return _editor(campaign, None, form, 422 if form.errors else 200)
    try:
        if request.form.get("preview"):
            return _editor(campaign, None, form, preview=_preview(form))
        update_id = service.create(campaign_id, form.data, actor=me)
    except CrowdfundError as error:
        put_errors(form, error)
        return _editor(campaign, None, form, error.status)
    pages.flash(_("Saved as a draft. Only your team can see it."), "success")
    return _to(campaign_id, update_id)


@bp.get(_ONE)
def draft(campaign_id: str, update_id: str) -> Response:
    """Show an update to its team as readers see it, with what can be done next."""
    campaign, row = queries.for_member(campaign_id, update_id, identity.signed_in().id, "view")
    (update,) = shown([row])
    return pages.render(
        "updates/draft.html",
        campaign=campaign,
        update=update,
        can_write=_may_write(campaign),
        most=rules.MOST_PICTURES,
        former=queries.former(update_id),
        events=queries.history(update_id),
    )


@bp.route(f"{_ONE}/edit", methods=["GET", "POST"])
def edit(campaign_id: str, update_id: str) -> BaseResponse:
    """Change the title and the text of a draft, or correct a published update."""
    me = identity.signed_in().id
    campaign, row = queries.for_member(campaign_id, update_id, me, "campaign")
    form = forms.UpdateForm(obj=row)
    if not form.validate_on_submit():
        return _editor(campaign, row, form, 422 if form.errors else 200)
    try:
        if request.form.get("preview"):
            return _editor(campaign, row, form, preview=_preview(form))
        service.save(update_id, form.data, actor=me)
    except CrowdfundError as error:
        put_errors(form, error)
        return _editor(campaign, row, form, error.status)
    pages.flash(_("Saved."), "success")
    return _to(campaign_id, update_id)


@bp.route(f"{_ONE}/picture", methods=["GET", "POST"])
def picture(campaign_id: str, update_id: str) -> BaseResponse:
    """Add a picture to an update."""
    me = identity.signed_in().id
    with reading():  # reading a picture takes a moment: no other writer waits for it
        campaign, row = queries.for_member(campaign_id, update_id, me, "campaign")
    rollback()
    form = forms.UpdatePictureForm()
    context = {"campaign": campaign, "update": row, "form": form}
    if not form.validate_on_submit():
        return _picture_page(context, 422 if form.errors else 200)
    try:
        _add_picture(update_id, form, me)
    except CrowdfundError as error:
        put_errors(form, error)
        return _picture_page(context, error.status)
    pages.flash(_("Picture added."), "success")
    return _to(campaign_id, update_id)


@bp.post(f"{_ONE}/pictures/<string(length=32):picture_id>/remove")
def remove_picture(campaign_id: str, update_id: str, picture_id: str) -> BaseResponse:
    """Remove a picture from an update."""
    me = identity.signed_in().id
    queries.for_member(campaign_id, update_id, me, "campaign")
    service.remove_picture(update_id, picture_id, actor=me)
    pages.flash(_("Removed."), "success")
    return _to(campaign_id, update_id)


@bp.post(f"{_ONE}/publish")
def publish(campaign_id: str, update_id: str) -> BaseResponse:
    """Publish a draft."""
    me = identity.signed_in().id
    queries.for_member(campaign_id, update_id, me, "campaign")
    service.publish(update_id, actor=me)
    pages.flash(_("Published. We are notifying your investors."), "success")
    return _to(campaign_id, update_id)


@bp.post(f"{_ONE}/discard")
def discard(campaign_id: str, update_id: str) -> BaseResponse:
    """Delete a draft."""
    me = identity.signed_in().id
    queries.for_member(campaign_id, update_id, me, "campaign")
    service.discard(update_id, actor=me)
    pages.flash(_("Deleted."), "success")
    return pages.back(url_for("updates.manage", campaign_id=campaign_id))


# --- helpers ------------------------------------------------------------------------------------


def _may_write(campaign: CampaignRow) -> bool:
    role = issuers.role_of(campaign.company_id, identity.signed_in().id)
    return may(role, "campaign") and rules.is_open(campaign.status, campaign.starts_at)


def _to(campaign_id: str, update_id: str) -> BaseResponse:
    return pages.back(url_for("updates.draft", campaign_id=campaign_id, update_id=update_id))


def _editor(
    campaign: CampaignRow,
    update: UpdateRow | None,
    form: forms.UpdateForm,
    status: int = 200,
    *,
    preview: Markup | None = None,
) -> Response:
    return pages.render(
        "updates/edit.html",
        "updates/_preview.html" if preview is not None else None,
        status=status,
        campaign=campaign,
        update=update,
        form=form,
        preview=preview,
    )


def _preview(form: forms.UpdateForm) -> Markup:
    text = form.text_md.data or ""
    rules.check_length(text)
    return safe_text(text)


def _add_picture(update_id: str, form: forms.UpdatePictureForm, me: str) -> None:
    with reading():
        alt = service.check_picture(update_id, form.image_alt.data or "")
    rollback()
    upload = form.image.data
    try:
        if not upload or not upload.filename:
            raise FileRefused(_("Choose a picture: JPEG, PNG or WebP."), field="image")
        made = documents.poster(upload.stream.read())
    except FileRefused as error:
        error.field = "image"
        raise
    service.add_picture(update_id, storage.put_public(made.data), alt, actor=me)


def _picture_page(context: dict[str, object], status: int) -> Response:
    return pages.render("updates/picture.html", "updates/_picture.html", status=status, **context)
