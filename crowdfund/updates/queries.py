"""Reads about updates."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.updates.models import (
    CampaignUpdate,
    CampaignUpdatePicture,
    CampaignUpdateVersion,
    campaign_update_event,
)
from crowdfund.updates.rows import FormerRow, PictureRow, UpdateRow
from crowdfund.updates.rules import Status

_U = CampaignUpdate.__table__
_P = CampaignUpdatePicture.__table__
_V = CampaignUpdateVersion.__table__
_UPDATE = sa.select(*columns(UpdateRow, _U))
_IS_THERE = _U.c.status != Status.REMOVED
_NEWEST_PUBLISHED = (Key(_U.c.published_at, is_descending=True), Key(_U.c.id, is_descending=True))
_NEWEST = (Key(_U.c.id, is_descending=True),)


class UpdateMissing(NotFound):
    """No such update, or none that this person may see."""


def missing() -> UpdateMissing:
    """Return the refusal for an update that is not there, or not for this person."""
    return UpdateMissing(_("There is no such update, or it is not public."))


def picture_missing() -> UpdateMissing:
    """Return the refusal for a picture that an update does not have."""
    return UpdateMissing(_("There is no such picture."))


def _published_of(campaign_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(_U.c.campaign_id == campaign_id, _U.c.status == Status.PUBLISHED)


def published(campaign_id: str, place: Place = START, *, size: int = 10) -> Page[UpdateRow]:
    """Return a page of what everyone reads about a campaign, newest first."""
    query = _UPDATE.where(_published_of(campaign_id))
    return read_page(query, _NEWEST_PUBLISHED, place, size=size, row=UpdateRow)


def published_since(campaign_id: str, since: datetime) -> int:
    """Return how many updates of a campaign were published after a moment, hidden ones too."""
    query = sa.select(sa.func.count()).where(
        _U.c.campaign_id == campaign_id,
        _U.c.status.in_((Status.PUBLISHED, Status.HIDDEN)),
        _U.c.published_at > since,
    )
    return int(db.session.scalar(query) or 0)


def public(campaign_id: str, update_id: str) -> UpdateRow:
    """Return a published update of a campaign. Raises UpdateMissing."""
    query = _UPDATE.where(_published_of(campaign_id), _U.c.id == update_id)
    return read_one(UpdateRow, query, missing())


def of_campaign(campaign_id: str, update_id: str) -> UpdateRow:
    """Return an update in any state, for the team and for staff. Raises UpdateMissing."""
    query = _UPDATE.where(_U.c.campaign_id == campaign_id, _U.c.id == update_id, _IS_THERE)
    return read_one(UpdateRow, query, missing())


def by_id(update_id: str) -> UpdateRow:
    """Return an update by its id alone, for jobs. Raises UpdateMissing."""
    return read_one(UpdateRow, _UPDATE.where(_U.c.id == update_id), missing())


def for_member(
    campaign_id: str, update_id: str, user_id: str, action: str
) -> tuple[CampaignRow, UpdateRow]:
    """Return a campaign and an update of it to a member whose role allows the action.

    Raises CampaignMissing, UpdateMissing, or RoleForbids.
    """
    campaign = campaigns.for_member(campaign_id, user_id, action)
    return campaign, of_campaign(campaign_id, update_id)


def all_of(campaign_id: str, place: Place = START, *, size: int = 20) -> Page[UpdateRow]:
    """Return a page of the updates of a campaign in any state, newest first, for its team."""
    query = _UPDATE.where(_U.c.campaign_id == campaign_id, _IS_THERE)
    return read_page(query, _NEWEST, place, size=size, row=UpdateRow)


def once_public(campaign_id: str, place: Place = START, *, size: int = 20) -> Page[UpdateRow]:
    """Return a page of the updates that are or were public, newest first, for staff."""
    states = (Status.PUBLISHED, Status.HIDDEN)
    query = _UPDATE.where(_U.c.campaign_id == campaign_id, _U.c.status.in_(states))
    return read_page(query, _NEWEST, place, size=size, row=UpdateRow)


def pictures(update_ids: Collection[str]) -> dict[str, list[PictureRow]]:
    """Return the pictures of updates, by update, in the order in which they were added."""
    query = sa.select(*columns(PictureRow, _P)).where(_P.c.update_id.in_(update_ids))
    found: dict[str, list[PictureRow]] = {update_id: [] for update_id in update_ids}
    for row in read_all(PictureRow, query.order_by(_P.c.id)):
        found[row.update_id].append(row)
    return found


def former(update_id: str) -> list[FormerRow]:
    """Return what a published update said before its corrections, newest first."""
    query = sa.select(*columns(FormerRow, _V)).where(_V.c.update_id == update_id)
    return read_all(FormerRow, query.order_by(_V.c.id.desc()))


def history(update_id: str) -> list[StatusChange]:
    """Return every change of state of an update, oldest first."""
    return status_changes(campaign_update_event, update_id)
