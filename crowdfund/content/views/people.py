"""Pages of a company's team: the people whom the page of a campaign shows."""

from typing import Any

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns.rows import CampaignRow
from crowdfund.content import forms, queries
from crowdfund.content.rows import PersonRow
from crowdfund.content.rules import people as rules
from crowdfund.content.rules import places
from crowdfund.content.service import people as service
from crowdfund.content.service.gallery import Stored
from crowdfund.content.views import editor
from crowdfund.content.views.blueprint import bp
from crowdfund.kernel.db import reading, rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages

_ALL = f"{editor.PAGE}/people"
_ONE = f"{_ALL}/<string(length=32):member_id>"


@bp.get(_ALL)
def people(campaign_id: str) -> Response:
    """List the people behind the company to its team."""
    campaign = editor.campaign_for(campaign_id, "view")
    return pages.render(
        "content/people.html",
        campaign=campaign,
        rows=queries.people(campaign_id),
        most=rules.MOST,
        **editor.rights(campaign),
    )


@bp.route(f"{_ALL}/new", methods=["GET", "POST"])
def new_person(campaign_id: str) -> BaseResponse:
    """Add a person to the page of a draft."""
    campaign = _campaign(campaign_id)
    form = forms.PersonForm()
    if not form.validate_on_submit():
        return _page(campaign, None, form, 422 if form.errors else 200)
    try:
        picture = _picture(campaign_id, form, is_new=True)
        service.add(campaign_id, form.data, picture, actor=editor.me())
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign, None, form, error.status)
    pages.flash(_("Added."), "success")
    return editor.to("content.people", campaign_id)


@bp.route(f"{_ONE}/edit", methods=["GET", "POST"])
def edit_person(campaign_id: str, member_id: str) -> BaseResponse:
    """Change what a draft shows of a person."""
    campaign = _campaign(campaign_id)
    with reading():
        row = queries.person_of(campaign_id, member_id)
    rollback()
    form = forms.PersonForm(name=row.name, role=row.role, text=row.text)
    if not form.validate_on_submit():
        return _page(campaign, row, form, 422 if form.errors else 200)
    try:
        picture = _picture(campaign_id, form, is_new=False)
        service.save(campaign_id, member_id, form.data, picture, actor=editor.me())
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign, row, form, error.status)
    pages.flash(_("Saved."), "success")
    return editor.to("content.people", campaign_id)


@bp.post(f'{_ONE}/<any("up", "down"):way>')
def move_person(campaign_id: str, member_id: str, way: str) -> BaseResponse:
    """Move a person of a draft one place up or down."""
    editor.campaign_for(campaign_id)
    service.reorder(campaign_id, member_id, way)
    return editor.to("content.people", campaign_id)


@bp.post(f"{_ONE}/remove")
def remove_person(campaign_id: str, member_id: str) -> BaseResponse:
    """Remove a person from the page."""
    editor.campaign_for(campaign_id)
    service.remove(campaign_id, member_id, actor=editor.me())
    pages.flash(_("Removed. The picture was deleted, too."), "success")
    return editor.to("content.people", campaign_id)


def _campaign(campaign_id: str) -> CampaignRow:
    """Return the campaign without holding up other writers: reading a picture takes a moment."""
    with reading():
        campaign = editor.campaign_for(campaign_id)
    rollback()
    return campaign


def _picture(campaign_id: str, form: forms.PersonForm, *, is_new: bool) -> Stored | None:
    """Return the chosen picture, examined and stored; the words are checked before that."""
    with reading():
        if is_new:
            service.check_new(campaign_id, form.data)
        else:
            places.check_draft(editor.campaign_for(campaign_id).status)
    rollback()
    return editor.stored(form, job="portrait") if editor.has_upload(form) else None


def _page(
    campaign: CampaignRow, row: PersonRow | None, form: forms.PersonForm, status: int
) -> Response:
    ids: dict[str, Any] = {"campaign_id": campaign.id}
    here = (
        url_for("content.edit_person", member_id=row.id, **ids)
        if row
        else url_for("content.new_person", **ids)
    )
    return pages.render(
        "content/person_edit.html",
        "content/_person.html",
        status=status,
        campaign=campaign,
        person=row,
        form=form,
        here=here,
        title=_("Change this person") if row else _("Add a person"),
    )
