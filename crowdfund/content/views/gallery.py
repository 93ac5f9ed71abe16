"""Pages of a company's team: the gallery of a campaign."""

from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.content import forms, queries
from crowdfund.content.rules import gallery as rules
from crowdfund.content.service import gallery as service
from crowdfund.content.views import editor
from crowdfund.content.views.blueprint import bp
from crowdfund.kernel.db import reading, rollback
from crowdfund.kernel.errors import CrowdfundError, FileRefused
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages

_ALL = f"{editor.PAGE}/pictures"
_ONE = f"{_ALL}/<string(length=32):image_id>"


@bp.route(_ALL, methods=["GET", "POST"])
def pictures(campaign_id: str) -> BaseResponse:
    """Show the gallery of a campaign to its team, and add a picture to a draft."""
    with reading():  # reading a picture takes a moment: no other writer waits for it
        editor.campaign_for(campaign_id, "view" if request.method == "GET" else "campaign")
    rollback()
    form = forms.PictureForm()
    if not form.validate_on_submit():
        return _page(campaign_id, form, 422 if form.errors else 200)
    try:
        _add(campaign_id, form)
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign_id, form, error.status)
    pages.flash(_("Picture added."), "success")
    return editor.to("content.pictures", campaign_id)


@bp.route(f"{_ONE}/edit", methods=["GET", "POST"])
def edit_picture(campaign_id: str, image_id: str) -> BaseResponse:
    """Change what a picture of a draft shows, in words."""
    campaign, row = editor.campaign_for(campaign_id), queries.picture_of(campaign_id, image_id)
    form = forms.AltForm(image_alt=row.alt)
    context: dict[str, Any] = {"campaign": campaign, "picture": row, "form": form}
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return pages.render("content/picture_edit.html", status=status, **context)
    try:
        service.describe(campaign_id, image_id, form.image_alt.data)
    except CrowdfundError as error:
        put_errors(form, error)
        return pages.render("content/picture_edit.html", status=error.status, **context)
    pages.flash(_("Saved."), "success")
    return editor.to("content.pictures", campaign_id)


@bp.post(f'{_ONE}/<any("up", "down"):way>')
def move_picture(campaign_id: str, image_id: str, way: str) -> BaseResponse:
    """Move a picture of a draft one place up or down."""
    editor.campaign_for(campaign_id)
    service.reorder(campaign_id, image_id, way)
    return editor.to("content.pictures", campaign_id)


@bp.post(f"{_ONE}/remove")
def remove_picture(campaign_id: str, image_id: str) -> BaseResponse:
    """Remove a picture from the gallery."""
    editor.campaign_for(campaign_id)
    service.remove(campaign_id, image_id, actor=editor.me())
    pages.flash(_("Removed."), "success")
    return editor.to("content.pictures", campaign_id)


def _add(campaign_id: str, form: forms.PictureForm) -> None:
    with reading():
        alt = service.check_new(campaign_id, form.image_alt.data)
    rollback()
    if not editor.has_upload(form):
        raise FileRefused(_("Choose a picture: JPEG, PNG or WebP."), field="image")
    service.add(campaign_id, editor.stored(form), alt, actor=editor.me())


def _page(campaign_id: str, form: forms.PictureForm, status: int) -> Response:
    campaign = editor.campaign_for(campaign_id, "view")
    return pages.render(
        "content/pictures.html",
        "content/_pictures.html",
        status=status,
        campaign=campaign,
        form=form,
        rows=queries.pictures(campaign_id),
        most=rules.MOST,
        **editor.rights(campaign),
    )
