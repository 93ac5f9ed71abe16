"""Add, describe, order and remove the pictures of a campaign's gallery."""

from dataclasses import dataclass

import sqlalchemy as sa

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.content import queries
from crowdfund.content.models import CampaignPicture
from crowdfund.content.rules import gallery, places
from crowdfund.content.service import shared
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, new_id

_P = CampaignPicture.__table__


@dataclass(frozen=True, slots=True)
class Stored:
    """A public file that is a picture, and its size in pixels."""

    file_id: str
    width: int
    height: int


def check_new(campaign_id: str, alt: object) -> str:
    """Return what a picture shows, in words, if the gallery may have one more.

    Only reads: call it before the picture is examined, which takes a moment. Raises Invalid or
    WrongState.
    """
    places.check_draft(campaigns.by_id(campaign_id).status)
    gallery.check_number(len(queries.pictures(campaign_id)))
    return gallery.check_alt(alt)


def add(campaign_id: str, picture: Stored, alt: object, *, actor: str) -> str:
    """Add a stored picture at the end of the gallery; return its id. Raises Invalid, WrongState."""
    storage.open_public(picture.file_id)
    campaign = shared.locked_draft(campaign_id)
    words = check_new(campaign_id, alt)
    picture_id = new_id()
    row = {
        "id": picture_id,
        "campaign_id": campaign_id,
        "place": places.next_place(queries.pictures(campaign_id)),
        "file_id": picture.file_id,
        "alt": words,
        "width": picture.width,
        "height": picture.height,
        "added_by": actor,
        "added_at": clock.now(),
    }
    db.session.execute(sa.insert(_P).values(row))
    shared.changed(campaign)
    return picture_id


def describe(campaign_id: str, picture_id: str, alt: object) -> None:
    """Change what a picture of a draft shows, in words. Raises Invalid, WrongState."""
    words = gallery.check_alt(alt)
    campaign = shared.locked_draft(campaign_id)
    queries.picture_of(campaign_id, picture_id)
    db.session.execute(sa.update(_P).where(_P.c.id == picture_id).values(alt=words))
    shared.changed(campaign)


def reorder(campaign_id: str, picture_id: str, way: str) -> None:
    """Move a picture of a draft one place `up` or `down`. Raises WrongState."""
    campaign = shared.locked_draft(campaign_id)
    queries.picture_of(campaign_id, picture_id)
    shared.swap(_P, queries.pictures(campaign_id), picture_id, way)
    shared.changed(campaign)


def remove(campaign_id: str, picture_id: str, *, actor: str) -> None:
    """Remove a picture from the gallery, of a public campaign too. Raises WrongState.

    Nothing leads to its file afterwards. The public page says that a picture was removed.
    """
    campaign = shared.locked(campaign_id)
    places.check_removable(campaign.status, campaign.starts_at)
    queries.picture_of(campaign_id, picture_id)
    db.session.execute(sa.delete(_P).where(_P.c.id == picture_id))
    shared.note_removal(campaign, "picture", actor=actor)
    shared.changed(campaign)
