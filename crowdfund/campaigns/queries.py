"""Reads about campaigns: Core queries, frozen rows, one or two a page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.campaigns.models import (
    Campaign,
    CampaignDocument,
    CampaignFollower,
    CampaignListing,
    campaign_event,
)
from crowdfund.campaigns.rows import (
    AddressRow,
    CampaignRow,
    CardRow,
    CompanyCampaign,
    DocumentRow,
    FoundDocument,
    FundingRow,
    PublicCampaign,
    QueueRow,
    RaiseRow,
    TermsInForce,
)
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.rules.life import Status, Tally
from crowdfund.issuers import queries
from crowdfund.issuers.rules import life as issuer_life
from crowdfund.issuers.rules import team
from crowdfund.issuers.rules.life import Standing
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.lookups import Lookup

_C = Campaign.__table__
_D = CampaignDocument.__table__
_F = queries.FACTS
_W = CampaignFollower.__table__
_LISTED = CampaignListing.__table__

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


def _with_company(selected: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    return sa.select(*selected).join(_F, _F.c.company_id == _C.c.company_id)


_CARD = Lookup(_with_company(columns(CardRow, _C, _F)).where(_C.c.id == sa.bindparam("id")))


def cards(ids: Sequence[str]) -> dict[str, CardRow]:
    """Return what a card shows, by campaign id: one lookup each, because usually one is missing."""
    found = {campaign_id: _CARD.first(id=campaign_id) for campaign_id in ids}
    return {campaign_id: CardRow(*row) for campaign_id, row in found.items() if row is not None}


_PUBLIC = _with_company(columns(PublicCampaign, _C, _F)).where(_WAS_LIVE)


def detail(slug: str) -> PublicCampaign:
    """Return a public campaign with its company's public facts; raises CampaignMissing."""
    return read_one(PublicCampaign, _PUBLIC.where(_C.c.slug == slug), _not_public())


def as_public(campaign_id: str) -> PublicCampaign:
    """Return what the public page would show of a campaign in any state; raises CampaignMissing.

    Of one that was never live every fact may be None.
    """
    query = _with_company(columns(PublicCampaign, _C, _F)).where(_C.c.id == campaign_id)
    return read_one(PublicCampaign, query, _not_public())


def _funding_column(name: str) -> sa.ColumnElement[Any]:
    if name == "is_own":
        viewer = sa.bindparam("viewer", type_=sa.String)
        return queries.has_member(_C.c.company_id, viewer).label(name)
    if name == "is_following":
        viewer = sa.bindparam("viewer", type_=sa.String)
        is_it = sa.and_(_W.c.campaign_id == _C.c.id, _W.c.person_id == viewer)
        return sa.exists().where(is_it).label(name)
    return (_C if name in _C.c else _F).c[name]


_FUNDING = Lookup(
    _with_company([_funding_column(name) for name in FundingRow._fields]).where(
        _C.c.slug == sa.bindparam("slug"), _WAS_LIVE
    )
)


def funding(slug: str, viewer: str = "") -> FundingRow:
    """Return the moving figures of a public campaign, and what it is to the viewer.

    `viewer` is a person's id. Raises CampaignMissing.
    """
    row = _FUNDING.first(slug=slug, viewer=viewer)
    if row is None:
        raise _not_public()
    return FundingRow._make(row)


def _not_public() -> CampaignMissing:
    return CampaignMissing(_("There is no such campaign, or it is not public yet."))


_CAMPAIGN = _with_company(columns(CampaignRow, _C, _F))


_ADDRESS = (
    sa.select(*columns(AddressRow, _LISTED, _C))
    .join(_C, _C.c.id == _LISTED.c.campaign_id)
    .order_by(_LISTED.c.place)
)


def addresses_between(after: int, last: int, *, most: int) -> list[AddressRow]:
    """Return the next public campaigns in the order of their places: above `after`, up to `last`.

    A place is a number above zero that no two campaigns share.
    """
    span = sa.and_(_LISTED.c.place > after, _LISTED.c.place <= last)
    return read_all(AddressRow, _ADDRESS.where(span).limit(most))


def numbers_by_place(size: int) -> dict[int, int]:
    """Return how many public campaigns there are in each span of `size` places, from span 0 on.

    Spans without any are left out: places may have gaps.
    """
    span = (_LISTED.c.place - 1) // size
    query = sa.select(span.label("span"), sa.func.count()).group_by(sa.text("span"))
    return {int(number): count for number, count in sorted(db.session.execute(query).all())}


def by_id(campaign_id: str) -> CampaignRow:
    """Return a campaign in any state, for staff and other features; raises CampaignMissing."""
    return read_one(CampaignRow, _CAMPAIGN.where(_C.c.id == campaign_id), _not_public())


def names(campaign_ids: set[str]) -> dict[str, str]:
    """Return the titles of several campaigns by id."""
    query = sa.select(_C.c.id, _C.c.title).where(_C.c.id.in_(campaign_ids))
    return {row.id: row.title for row in db.session.execute(query)}


def for_member(campaign_id: str, user_id: str, action: str = "view") -> CampaignRow:
    """Return a campaign of a company in whose team this person's role allows the action.

    Raises CampaignMissing for others, RoleForbids for the wrong role.
    """
    campaign = by_id(campaign_id)
    role = queries.role_of(campaign.company_id, user_id)
    if role is None:
        raise CampaignMissing(_("There is no such campaign, or it is not yours."))
    team.demand(role, action)
    return campaign


def of_companies(company_ids: Sequence[str]) -> list[CompanyCampaign]:
    """Return the campaigns of companies in any state, newest first."""
    query = sa.select(*columns(CompanyCampaign, _C)).where(_C.c.company_id.in_(company_ids))
    return read_all(CompanyCampaign, query.order_by(_C.c.id.desc()))


_DOCUMENT = sa.select(*columns(DocumentRow, _D))


def documents(campaign_id: str) -> list[DocumentRow]:
    """Return the public documents of a campaign, in the order in which they were added."""
    query = _DOCUMENT.where(_D.c.campaign_id == campaign_id)
    return read_all(DocumentRow, query.order_by(_D.c.id))


def document(document_id: str) -> DocumentRow:
    """Return a public document by its own id; raises CampaignMissing."""
    missing = CampaignMissing(_("There is no such document."))
    return read_one(DocumentRow, _DOCUMENT.where(_D.c.id == document_id), missing)


def documents_by_cid(cid: str) -> list[FoundDocument]:
    """Return the documents with a content id, oldest first."""
    selected = columns(FoundDocument, _D, _C, is_public=_WAS_LIVE)
    query = sa.select(*selected).join(_C, _C.c.id == _D.c.campaign_id).where(_D.c.cid == cid)
    return read_all(FoundDocument, query.order_by(_D.c.id))


def to_pin(*, most: int = 100) -> Sequence[str]:
    """Return ids of documents of public campaigns that are neither pinned nor refused by a node."""
    query = sa.select(_D.c.id).join(_C, _C.c.id == _D.c.campaign_id)
    query = query.where(_WAS_LIVE, _D.c.pinned_at.is_(None), _D.c.pin_error.is_(None))
    return db.session.scalars(query.order_by(_D.c.id).limit(most)).all()


def history(campaign_id: str) -> list[StatusChange]:
    """Return every status change with who, when and why, oldest first."""
    return status_changes(campaign_event, campaign_id)


def counts() -> dict[str, int]:
    """Return how many campaigns are in each state, counted up to 1,001 (see `paging`)."""
    return counts_up_to(
        {str(status): sa.select(_C.c.id).where(_C.c.status == status) for status in Status}
    )


_QUEUE = _with_company(columns(QueueRow, _C, _F))


def queue(
    *, status: str = "", text: str = "", place: Place = START, size: int = 20
) -> Page[QueueRow]:
    """Return a page of campaigns for staff: submitted ones oldest first, others newest first."""
    query = _QUEUE
    if status:
        query = query.where(_C.c.status == status)
    if text:
        query = query.where(_C.c.search_text.like(like_pattern(text), escape="!"))
    if status == Status.SUBMITTED:
        query = query.where(_C.c.submitted_at.is_not(None))
        return read_page(query, _LONGEST_WAITING, place, size=size, row=QueueRow)
    return read_page(query, _NEWEST, place, size=size, row=QueueRow)


def due(now: datetime, *, limit: int = 100) -> list[RaiseRow]:
    """Return live campaigns whose deadline has passed and which are not being ended yet."""
    query = sa.select(*columns(RaiseRow, _C)).where(
        _C.c.status == Status.LIVE, _C.c.ends_at < now, _C.c.ending.is_(None)
    )
    return read_all(RaiseRow, query.order_by(_C.c.ends_at).limit(limit))


def deadlines(after: datetime, until: datetime, *, limit: int = 100) -> Sequence[datetime]:
    """Return the deadlines of live campaigns between two moments, the next first."""
    ahead = sa.and_(_C.c.ends_at > after, _C.c.ends_at < until)
    query = sa.select(_C.c.ends_at).where(_C.c.status == Status.LIVE, ahead)
    return db.session.scalars(query.order_by(_C.c.ends_at).limit(limit)).all()


def is_one_unended(now: datetime) -> bool:
    """Return whether a live campaign's deadline has passed and it has not ended yet."""
    query = sa.select(_C.c.id).where(_C.c.status == Status.LIVE, _C.c.ends_at < now)
    return db.session.execute(query.limit(1)).first() is not None


def ids_of_company(company_id: str) -> Sequence[str]:
    """Return every campaign of a company, in the order in which they were begun."""
    query = sa.select(_C.c.id).where(_C.c.company_id == company_id)
    return db.session.scalars(query.order_by(_C.c.id)).all()


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


def verdict(campaign: RaiseRow | FundingRow, now: datetime) -> str:
    """Return what `rules.life.verdict` says; `open` for a campaign without a deadline."""
    if campaign.ends_at is None:
        return "open"
    figures = Tally(
        goal_minor=campaign.goal_minor or 0,
        threshold_bps=campaign.threshold_bps,
        # Money that only the contract has is in, not on its way.
        reserved_minor=campaign.reserved_minor - campaign.foreign_room_minor + campaign.token_minor,
        settled_minor=life.counted_minor(campaign.settled_minor, campaign.token_minor),
        ends_at=campaign.ends_at,
    )
    return life.verdict(figures, now, grace_days=campaign.grace_days)


def phase(campaign: RaiseRow | FundingRow, now: datetime) -> str:
    """Return the state that people see: the stored one, refined by what is computed.

    `awaiting settlement`, `closing`, `releasing` are never stored as a state.
    """
    if campaign.ending and campaign.status in (Status.LIVE, Status.SUCCEEDED):
        return {"close": "closing", "cancel": "cancelling", "release": "releasing"}[campaign.ending]
    if campaign.status != Status.LIVE:
        return str(campaign.status)
    state = verdict(campaign, now)
    return {"open": "live", "awaiting": "awaiting settlement"}.get(state, "closing")


def terms_of(campaign: CampaignRow | PublicCampaign) -> Mapping[str, int]:
    """Return the numbers that `rules.check_investment` needs; the terms must be complete."""
    return {name: getattr(campaign, name) for name in ("price_minor", "min_minor", "max_minor")}


def terms_in_force(campaign_id: str) -> TermsInForce:
    """Return which version of the terms people agree to now; raises CampaignMissing."""
    in_force = sa.func.coalesce(_C.c.current_terms_hash, _C.c.terms_hash, "")
    query = sa.select(_C.c.terms_version.label("number"), in_force.label("hash"))
    return read_one(TermsInForce, query.where(_C.c.id == campaign_id), _not_public())
