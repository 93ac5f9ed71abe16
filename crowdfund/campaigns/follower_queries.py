"""Reads about the people who follow campaigns. Companies get the number, never who it is."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign, CampaignFollower
from crowdfund.campaigns.rows import FollowedRow
from crowdfund.campaigns.rules.life import Status
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns

_C, _W, _F = Campaign.__table__, CampaignFollower.__table__, issuers_queries.FACTS
_LAST_FOLLOWED = (
    Key(_W.c.followed_at, is_descending=True),
    Key(_W.c.campaign_id, is_descending=True),
)
_FOLLOWED = (
    sa.select(*columns(FollowedRow, _C, _F, _W))
    .join(_C, _C.c.id == _W.c.campaign_id)
    .join(_F, _F.c.company_id == _C.c.company_id)
)


def followed_by(person_id: str, place: Place = START, *, size: int = 20) -> Page[FollowedRow]:
    """Return the campaigns that a person follows, the last followed first."""
    query = _FOLLOWED.where(_W.c.person_id == person_id)
    return read_page(query, _LAST_FOLLOWED, place, size=size, row=FollowedRow)


def count(campaign_id: str) -> int:
    """Return how many people follow a campaign."""
    query = sa.select(sa.func.count()).select_from(_W).where(_W.c.campaign_id == campaign_id)
    return int(db.session.scalar(query) or 0)


def followers_after(campaign_id: str, person_id: str, *, most: int) -> Sequence[str]:
    """Return the next followers of a campaign in the order of their ids; "" is the start."""
    query = sa.select(_W.c.person_id).where(
        _W.c.campaign_id == campaign_id, _W.c.person_id > person_id
    )
    return db.session.scalars(query.order_by(_W.c.person_id).limit(most)).all()


def closing_between(start: datetime, end: datetime) -> Sequence[str]:
    """Return live campaigns with followers whose deadline is in a span, its end included."""
    has_followers = sa.exists().where(_W.c.campaign_id == _C.c.id)
    query = sa.select(_C.c.id).where(
        _C.c.status == Status.LIVE,
        _C.c.ends_at > start,
        _C.c.ends_at <= end,
        _C.c.ending.is_(None),
        has_followers,
    )
    return db.session.scalars(query.order_by(_C.c.ends_at)).all()
