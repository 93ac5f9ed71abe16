"""What the editors of a campaign's page share: who may write, and uploads of pictures."""

from typing import Any

from flask import url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import life
from crowdfund.content.rules import places
from crowdfund.content.service.gallery import Stored
from crowdfund.documents import service as documents
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules.team import may
from crowdfund.kernel.errors import FileRefused
from crowdfund.kernel.web import identity, pages

PAGE = "/my/campaigns/<string(length=32):campaign_id>"


def me() -> str:
    """Return the signed-in person's id."""
    return identity.signed_in().id


def campaign_for(campaign_id: str, action: str = "campaign") -> CampaignRow:
    """Return a campaign that this request's person may act on. Raises CampaignMissing."""
    return campaigns.for_member(campaign_id, me(), action)


def rights(campaign: CampaignRow) -> dict[str, Any]:
    """Return what an editor offers: changing everything, or only removing what is public."""
    can_write = may(issuers.role_of(campaign.company_id, me()), "campaign")
    is_draft = campaign.status == life.Status.DRAFT
    is_public = places.was_public(campaign.status, campaign.starts_at)
    return {
        "can_write": can_write,
        "can_edit": can_write and is_draft,
        "can_remove": can_write and (is_draft or is_public),
        "is_public": is_public,
    }


def has_upload(form: FlaskForm) -> bool:
    """Return whether a file was chosen as the picture of a form."""
    return bool(form.image.data and form.image.data.filename)


def stored(form: FlaskForm, *, job: str = "poster") -> Stored:
    """Examine and store the picture of a form; takes a moment. Raises FileRefused at `image`."""
    try:
        made = documents.poster(form.image.data.stream.read(), job=job)
    except FileRefused as error:
        error.field = "image"
        raise
    return Stored(storage.put_public(made.data), made.width, made.height)


def to(endpoint: str, campaign_id: str) -> BaseResponse:
    """Send the browser to a page of the editor."""
    return pages.back(url_for(endpoint, campaign_id=campaign_id))
