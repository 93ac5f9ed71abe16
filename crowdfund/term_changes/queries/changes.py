"""Reads about what companies propose."""

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.issuers.queries import FACTS
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.term_changes.models import TermChange, term_change_event
from crowdfund.term_changes.rows import ChangeRow, QueueRow
from crowdfund.term_changes.rules.life import MATERIAL, OPEN, Status

_T, _C = TermChange.__table__, Campaign.__table__
_CHANGE = sa.select(*columns(ChangeRow, _T))
_NEWEST = (Key(_T.c.id, is_descending=True),)
_WAITING = (Key(_T.c.submitted_at), Key(_T.c.id))
QUEUE = tuple(one for one in Status if one not in (Status.DRAFT, Status.WITHDRAWN))


class ChangeMissing(NotFound):
    """No such change of terms, or none that this person may see."""


def missing() -> ChangeMissing:
    """Return the refusal for a change that is not there, or not for this person."""
    return ChangeMissing(_("There is no such change of terms, or it is not yours to see."))


def by_id(change_id: str) -> ChangeRow:
    """Return a change in any state. Raises ChangeMissing."""
    return read_one(ChangeRow, _CHANGE.where(_T.c.id == change_id), missing())


def for_member(
    campaign_id: str, change_id: str, user_id: str, action: str
) -> tuple[CampaignRow, ChangeRow]:
    """Return a campaign and a change of it to a member whose role allows the action.

    Raises CampaignMissing, ChangeMissing, or RoleForbids.
    """
    campaign = campaigns.for_member(campaign_id, user_id, action)
    query = _CHANGE.where(_T.c.id == change_id, _T.c.campaign_id == campaign_id)
    return campaign, read_one(ChangeRow, query, missing())


def for_staff(change_id: str) -> ChangeRow:
    """Return a change that was submitted once, not a draft. Raises ChangeMissing."""
    found = by_id(change_id)
    if found.submitted_at is None:
        raise missing()
    return found


def all_of(campaign_id: str, place: Place = START, *, size: int = 20) -> Page[ChangeRow]:
    """Return a page of the changes of a campaign in any state, newest first, for its team."""
    query = _CHANGE.where(_T.c.campaign_id == campaign_id)
    return read_page(query, _NEWEST, place, size=size, row=ChangeRow)


def open_of(campaign_id: str) -> ChangeRow | None:
    """Return the open change of a campaign, or None; there is at most one."""
    query = _CHANGE.where(_T.c.campaign_id == campaign_id, _T.c.status.in_(OPEN))
    return read_first(ChangeRow, query)


def reconfirming() -> list[ChangeRow]:
    """Return the changes about which investors are being asked."""
    query = _CHANGE.where(_T.c.status == Status.RECONFIRMING)
    return read_all(ChangeRow, query.order_by(_T.c.id))


def queue(status: str, place: Place = START, *, size: int = 20) -> Page[QueueRow]:
    """Return a page of changes for staff: waiting ones oldest first, others newest first."""
    selected = columns(QueueRow, _T, _C, FACTS)
    query = sa.select(*selected).join(_C, _C.c.id == _T.c.campaign_id)
    query = query.join(FACTS, FACTS.c.company_id == _C.c.company_id)
    query = query.where(_T.c.submitted_at.is_not(None))
    if status:
        query = query.where(_T.c.status == status)
    order = _WAITING if status == Status.SUBMITTED else _NEWEST
    return read_page(query, order, place, size=size, row=QueueRow)


def counts() -> dict[str, int]:
    """Return how many changes are in each state that staff see, counted up to 1,001."""
    return counts_up_to(
        {str(status): sa.select(_T.c.id).where(_T.c.status == status) for status in QUEUE}
    )


def history(change_id: str) -> list[StatusChange]:
    """Return every change of state, oldest first."""
    return status_changes(term_change_event, change_id)


def waiting() -> int:
    """Return how many changes wait for a decision of staff, counted up to 1,001."""
    return counts()[Status.SUBMITTED]


def last_material(campaign_id: str) -> ChangeRow | None:
    """Return the newest material change of a campaign that is in force, or None."""
    query = _CHANGE.where(_T.c.campaign_id == campaign_id, _T.c.status.in_(MATERIAL))
    return read_first(ChangeRow, query.order_by(_T.c.version.desc()).limit(1))


def holds_document(cid: str) -> bool:
    """Return whether an open change would add a file with this content id."""
    query = sa.select(_T.c.document).where(_T.c.open_key.is_not(None))
    return any(one and one["cid"] == cid for one in db.session.scalars(query))


def is_one_open(campaign_id: str) -> bool:
    """Return whether a campaign has an open change."""
    query = sa.select(_T.c.id).where(_T.c.open_key == campaign_id)
    return db.session.execute(query.limit(1)).first() is not None
