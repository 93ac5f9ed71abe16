"""Pages of a company's team: the frequently asked questions of a campaign."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import life
from crowdfund.content import forms, queries
from crowdfund.content.rows import FaqRow
from crowdfund.content.rules import faq as rules
from crowdfund.content.service import faq as service
from crowdfund.content.views import editor
from crowdfund.content.views.blueprint import bp, campaign_faq
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages

_ALL = f"{editor.PAGE}/faq"
_ONE = f"{_ALL}/<string(length=32):faq_id>"


@bp.get(_ALL)
def faq(campaign_id: str) -> Response:
    """List the questions with answers of a campaign to its team."""
    campaign = editor.campaign_for(campaign_id, "view")
    rights = editor.rights(campaign)
    is_open = campaign.status in (life.Status.DRAFT, life.Status.LIVE)
    return pages.render(
        "content/faq.html",
        campaign=campaign,
        shown=campaign_faq(campaign_id),
        can_edit=rights["can_write"] and is_open,
        is_public=rights["is_public"],
        most=rules.MOST,
    )


@bp.route(f"{_ALL}/new", methods=["GET", "POST"])
def new_faq(campaign_id: str) -> BaseResponse:
    """Add a question with its answer."""
    campaign = editor.campaign_for(campaign_id)
    form = forms.FaqForm()
    if not form.validate_on_submit():
        return _page(campaign, None, form, 422 if form.errors else 200)
    try:
        service.add(campaign_id, form.data, actor=editor.me())
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign, None, form, error.status)
    pages.flash(_("Added."), "success")
    return editor.to("content.faq", campaign_id)


@bp.route(f"{_ONE}/edit", methods=["GET", "POST"])
def edit_faq(campaign_id: str, faq_id: str) -> BaseResponse:
    """Change a question or its answer."""
    campaign, row = _find(campaign_id, faq_id)
    form = forms.FaqForm(obj=row)
    if not form.validate_on_submit():
        return _page(campaign, row, form, 422 if form.errors else 200)
    try:
        service.save(faq_id, form.data, actor=editor.me())
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(campaign, row, form, error.status)
    pages.flash(_("Saved."), "success")
    return editor.to("content.faq", campaign_id)


@bp.post(f'{_ONE}/<any("up", "down"):way>')
def move_faq(campaign_id: str, faq_id: str, way: str) -> BaseResponse:
    """Move a question one place up or down."""
    _find(campaign_id, faq_id)
    service.reorder(faq_id, way)
    return editor.to("content.faq", campaign_id)


@bp.post(f"{_ONE}/remove")
def remove_faq(campaign_id: str, faq_id: str) -> BaseResponse:
    """Remove a question."""
    _find(campaign_id, faq_id)
    service.remove(faq_id, actor=editor.me())
    pages.flash(_("Removed."), "success")
    return editor.to("content.faq", campaign_id)


def _find(campaign_id: str, faq_id: str) -> tuple[CampaignRow, FaqRow]:
    return editor.campaign_for(campaign_id), queries.faq_of(campaign_id, faq_id)


def _page(campaign: CampaignRow, row: FaqRow | None, form: forms.FaqForm, status: int) -> Response:
    here = (
        url_for("content.edit_faq", campaign_id=campaign.id, faq_id=row.id)
        if row
        else url_for("content.new_faq", campaign_id=campaign.id)
    )
    return pages.render(
        "content/faq_edit.html",
        status=status,
        campaign=campaign,
        form=form,
        here=here,
        title=_("Change the question") if row else _("Add a question"),
        is_public=editor.rights(campaign)["is_public"],
    )
