"""Reads about campaigns: Core queries, frozen rows, one or two a page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from crowdfund.campaigns.models import Campaign, CampaignDocument, CampaignLimits, campaign_event
from crowdfund.campaigns.rules import life, terms
from crowdfund.campaigns.rules.life import Status, Tally
from crowdfund.campaigns.rules.terms import Limits
from crowdfund.issuers import queries
from crowdfund.issuers.rules import life as issuer_life
from crowdfund.issuers.rules import team
from crowdfund.issuers.rules.life import Standing
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.lookups import Lookup

_C = Campaign.__table__
_D = CampaignDocument.__table__
_F = queries.FACTS

_LONGEST_WAITING = (Key(_C.c.submitted_at), Key(_C.c.id))
_NEWEST = (Key(_C.c.id, is_descending=True),)
# What a visitor may read: whatever was live once.
_WAS_LIVE = sa.and_(_C.c.status.in_(life.PUBLIC), _C.c.starts_at.is_not(None))


class CampaignMissing(NotFound):
    """No such campaign, or none that this person may see."""


def like_pattern(text: str) -> str:
    """Return a LIKE pattern (escape `!`) for text that is stored case-folded."""
    folded = " ".join(text.casefold().split())[:80]
    return "%" + folded.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"


_CARD = (
    _C.c.id, _C.c.version, _C.c.slug, _C.c.title, _C.c.summary, _C.c.sector, _C.c.security_type,
    _C.c.image_id, _C.c.image_alt, _C.c.status, _C.c.currency, _C.c.goal_minor, _C.c.min_minor,
    _C.c.settled_minor, _C.c.reserved_minor, _C.c.investors_count, _C.c.threshold_bps, _C.c.ends_at,
    _F.c.trade_name,
)  # fmt: skip


_BY_ID = Lookup(
    sa.select(*_CARD)
    .join(_F, _F.c.company_id == _C.c.company_id)
    .where(_C.c.id == sa.bindparam("id"))
)


def cards(ids: Sequence[str]) -> dict[str, Any]:
    """Return what a card shows, by campaign id: one lookup each, for mostly one is missing."""
    found = {campaign_id: _BY_ID.first(id=campaign_id) for campaign_id in ids}
    return {campaign_id: row for campaign_id, row in found.items() if row is not None}


_FACTS = tuple(column for column in _F.c if column.name != "company_id")
_DETAIL = sa.select(_C, *_FACTS).join(_F, _F.c.company_id == _C.c.company_id)
_BY_SLUG = _DETAIL.where(_C.c.slug == sa.bindparam("slug"), _WAS_LIVE)


def detail(slug: str) -> Row[Any]:
    """Return a public campaign with its company's public facts; raises CampaignMissing."""
    return _one(_BY_SLUG, {"slug": slug})


_MOVING = (
    _C.c.id, _C.c.company_id, _C.c.title, _C.c.summary, _C.c.terms_hash, _C.c.slug, _C.c.status,
    _C.c.currency, _C.c.goal_minor, _C.c.min_minor, _C.c.price_minor, _C.c.threshold_bps, _C.c.reserved_minor,
    _C.c.settled_minor, _C.c.token_minor, _C.c.foreign_room_minor, _C.c.investors_count,
    _C.c.starts_at, _C.c.ends_at, _C.c.ending, _C.c.grace_days,
    _F.c.company_updated_at, _C.c.version,
)  # fmt: skip
_IS_OWN = queries.has_member(_C.c.company_id, sa.bindparam("viewer", type_=sa.String)).label(
    "is_own"
)
_FUNDING = Lookup(
    sa.select(*_MOVING, _IS_OWN)
    .join(_F, _F.c.company_id == _C.c.company_id)
    .where(_C.c.slug == sa.bindparam("slug"), _WAS_LIVE)
)


def funding(slug: str, viewer: str = "") -> Any:  # noqa: ANN401 - a row of _MOVING
    """Return the moving figures of a public campaign, and whether it `is_own` of the viewer (a person's id).

    Raises CampaignMissing.
    """
    row = _FUNDING.first(slug=slug, viewer=viewer)
    if row is None:
        raise CampaignMissing(_("There is no such campaign, or it is not public yet."))
    return row


def by_id(campaign_id: str) -> Row[Any]:
    """Return a campaign with its company's facts in any state. For staff and other features."""
    return _one(_DETAIL.where(_C.c.id == campaign_id))


def for_member(campaign_id: str, user_id: str, action: str = "view") -> Row[Any]:
    """Return a campaign of a company that this person acts for, if the role there allows the action.

    Raises CampaignMissing for others, RoleForbids for the wrong role.
    """
    campaign = by_id(campaign_id)
    role = queries.role_of(campaign.company_id, user_id)
    if role is None:
        raise CampaignMissing(_("There is no such campaign, or it is not yours."))
    team.demand(role, action)
    return campaign


def of_companies(company_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return the campaigns of companies in any state, newest first."""
    query = sa.select(_C).where(_C.c.company_id.in_(company_ids)).order_by(_C.c.id.desc())
    return db.session.execute(query).all()


def documents(campaign_id: str) -> Sequence[Row[Any]]:
    """Return the public papers of a campaign, in the order in which they were added."""
    return db.session.execute(
        sa.select(_D).where(_D.c.campaign_id == campaign_id).order_by(_D.c.id)
    ).all()


def document(document_id: str) -> Row[Any]:
    """Return a public paper by its own id; raises CampaignMissing."""
    row = db.session.execute(sa.select(_D).where(_D.c.id == document_id)).first()
    if row is None:
        raise CampaignMissing(_("There is no such document."))
    return row


def documents_by_cid(cid: str) -> Sequence[Row[Any]]:
    """Return the papers with a content id, with their campaign's company and whether it is public."""
    query = sa.select(_D, _C.c.company_id, _WAS_LIVE.label("is_public")).join(
        _C, _C.c.id == _D.c.campaign_id
    )
    return db.session.execute(query.where(_D.c.cid == cid).order_by(_D.c.id)).all()


def to_pin(*, most: int = 100) -> Sequence[str]:
    """Return ids of papers of public campaigns that are not pinned and that no node has refused."""
    query = sa.select(_D.c.id).join(_C, _C.c.id == _D.c.campaign_id)
    query = query.where(_WAS_LIVE, _D.c.pinned_at.is_(None), _D.c.pin_error.is_(None))
    return db.session.scalars(query.order_by(_D.c.id).limit(most)).all()


def history(campaign_id: str) -> Sequence[Row[Any]]:
    """Return every status change with who, when and why, oldest first."""
    query = sa.select(campaign_event).where(campaign_event.c.campaign_id == campaign_id)
    return db.session.execute(query.order_by(campaign_event.c.at, campaign_event.c.id)).all()


def counts() -> dict[str, int]:
    """Return how many campaigns are in each state, counted up to 1,001 (see `paging`)."""
    return counts_up_to(
        {str(status): sa.select(_C.c.id).where(_C.c.status == status) for status in Status}
    )


def queue(
    *, status: str = "", text: str = "", place: Place = START, size: int = 20
) -> Page[Row[Any]]:
    """Return a page of campaigns for staff: who waits longest first, in other states the newest."""
    query = _DETAIL if not status else _DETAIL.where(_C.c.status == status)
    if text:
        query = query.where(_C.c.search_text.like(like_pattern(text), escape="!"))
    if status == Status.SUBMITTED:
        return read_page(
            query.where(_C.c.submitted_at.is_not(None)), _LONGEST_WAITING, place, size=size
        )
    return read_page(query, _NEWEST, place, size=size)


def due(now: datetime, *, limit: int = 100) -> Sequence[Row[Any]]:
    """Return live campaigns whose deadline has passed and which are not being ended yet."""
    query = sa.select(_C).where(
        _C.c.status == Status.LIVE, _C.c.ends_at < now, _C.c.ending.is_(None)
    )
    return db.session.execute(query.order_by(_C.c.ends_at).limit(limit)).all()


def id_of_contract(address: str) -> str | None:
    """Return the campaign whose contract has this address, or None."""
    query = sa.select(_C.c.id).where(sa.func.lower(_C.c.contract_address) == address.lower())
    return db.session.scalar(query)


def standing(company_id: str) -> Standing:
    """Return the facts that decide whether a company may start a campaign."""
    live = sa.select(_C.c.id).where(_C.c.live_lock == company_id)
    year = sa.select(sa.func.max(_C.c.started_year)).where(_C.c.company_id == company_id)
    return Standing(
        **queries.start_standing(company_id),
        has_live_campaign=db.session.execute(live).first() is not None,
        last_start_year=db.session.scalar(year),
    )


def start_refusal(company_id: str) -> str | None:
    """Return the reason code why a company may not start a campaign now, or None."""
    year = life.calendar_year(clock.now(), config.settings().time_zone)
    return issuer_life.start_refusal(standing(company_id), year)


def limits(at: datetime | None = None) -> Limits:
    """Return the platform settings in force at a moment; the brief's until a row says otherwise."""
    table = CampaignLimits.__table__
    query = sa.select(table).where(table.c.valid_from <= (at or clock.now()))
    row = db.session.execute(query.order_by(table.c.valid_from.desc()).limit(1)).first()
    if row is None:
        return terms.DEFAULT_LIMITS
    return Limits(**{name: value for name, value in row._mapping.items() if name != "valid_from"})


def tally(campaign: Row[Any]) -> Tally:
    """Return the figures that decide how a campaign stands."""
    return Tally(
        goal_minor=campaign.goal_minor,
        threshold_bps=campaign.threshold_bps,
        # Money that only the contract has is in, not on its way.
        reserved_minor=campaign.reserved_minor - campaign.foreign_room_minor + campaign.token_minor,
        settled_minor=life.counted_minor(campaign.settled_minor, campaign.token_minor),
        ends_at=campaign.ends_at,
    )


def phase(campaign: Row[Any], now: datetime) -> str:
    """Return the state that people see: the stored one, refined by what is computed.

    `awaiting settlement`, `closing`, `releasing` are never stored as a state.
    """
    if campaign.ending and campaign.status in (Status.LIVE, Status.SUCCEEDED):
        return {"close": "closing", "cancel": "cancelling", "release": "releasing"}[campaign.ending]
    if campaign.status != Status.LIVE or campaign.ends_at is None:
        return str(campaign.status)
    state = life.verdict(tally(campaign), now, grace_days=campaign.grace_days)
    return {"open": "live", "awaiting": "awaiting settlement"}.get(state, "closing")


def terms_of(campaign: Row[Any]) -> Mapping[str, int]:
    """Return the numbers that `rules.check_investment` needs."""
    return {name: getattr(campaign, name) for name in ("price_minor", "min_minor", "max_minor")}


def _one(query: sa.Select[Any], params: Mapping[str, Any] | None = None) -> Row[Any]:
    row = db.session.execute(query, params or {}).first()
    if row is None:
        raise CampaignMissing(_("There is no such campaign, or it is not public yet."))
    return row
