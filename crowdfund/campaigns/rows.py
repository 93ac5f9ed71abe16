"""Rows that queries of campaigns return; all amounts are minor units.

The busiest pages read by `kernel.lookups`, whose rows are named tuples: a dataclass takes ten times
as long to make. These rows are `FundingRow`, `Listed` and `Found`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class RaiseRow:
    """The status and figures that decide how far a campaign is."""

    id: str
    status: str
    ending: str | None
    goal_minor: int | None
    threshold_bps: int
    grace_days: int
    reserved_minor: int
    settled_minor: int
    token_minor: int
    paid_token_minor: int
    foreign_room_minor: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class TermsInForce:
    """The version of a campaign's terms that people agree to now, and its hash."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class CampaignRow(RaiseRow):
    """A campaign in any state, with its company's name. A draft may lack every text and amount."""

    slug: str
    company_id: str
    author_id: str
    title: str | None
    summary: str | None
    story_md: str | None
    sector: str | None
    security_type: str | None
    image_id: str | None
    image_alt: str | None
    currency: str
    min_minor: int | None
    max_minor: int | None
    price_minor: int | None
    duration_days: int | None
    interest_bps: int | None
    revenue_bps: int | None
    cap_bps: int | None
    term_months: int | None
    repayment: str | None
    fee_bps: int
    terms_hash: str | None
    investors_count: int
    submitted_at: datetime | None
    reviewed_at: datetime | None
    rejection_reason: str | None
    deploy_tx: str | None
    contract_address: str | None
    starts_at: datetime | None
    chain_error: str | None
    contract_result: str | None
    refused_count: int
    closed_at: datetime | None
    close_tx: str | None
    released_minor: int | None
    fee_minor: int | None
    released_at: datetime | None
    release_tx: str | None
    tranches: list[dict[str, Any]] | None
    tranches_paid: int
    trade_name: str | None


@dataclass(frozen=True, slots=True)
class PublicCampaign(RaiseRow):
    """A campaign that was live once, so its terms are complete, with its company's public facts."""

    goal_minor: int
    ends_at: datetime
    slug: str
    company_id: str
    title: str
    summary: str
    story_md: str
    sector: str
    security_type: str
    image_id: str | None
    image_alt: str | None
    currency: str
    min_minor: int
    max_minor: int
    price_minor: int
    interest_bps: int | None
    revenue_bps: int | None
    cap_bps: int | None
    term_months: int | None
    repayment: str | None
    terms_hash: str | None
    tranches: list[dict[str, Any]] | None
    deploy_tx: str | None
    contract_address: str | None
    starts_at: datetime
    investors_count: int
    trade_name: str
    legal_name: str
    registration_no: str
    country: str
    wallet_address: str | None
    registered_at: datetime | None
    register_tx: str | None


@dataclass(frozen=True, slots=True)
class FollowedRow(RaiseRow):
    """A campaign that a person follows, and since when."""

    goal_minor: int
    slug: str
    title: str
    currency: str
    trade_name: str
    followed_at: datetime
    campaign_id: str


@dataclass(frozen=True, slots=True)
class AddressRow:
    """A public campaign for the site map, with its place in the order of publication."""

    place: int
    slug: str
    updated_at: datetime


class FundingRow(NamedTuple):
    """The moving figures of a public campaign, and whether its reader follows it or owns it."""

    id: str
    company_id: str
    title: str
    summary: str
    terms_hash: str | None
    slug: str
    status: str
    currency: str
    goal_minor: int
    min_minor: int
    threshold_bps: int
    reserved_minor: int
    settled_minor: int
    token_minor: int
    foreign_room_minor: int
    investors_count: int
    ends_at: datetime
    ending: str | None
    grace_days: int
    company_updated_at: datetime
    version: int
    news_version: int
    is_own: bool
    is_following: bool


class Listed(Protocol):
    """A campaign on a page of the public list, and in it the columns that its readers need."""

    id: str
    version: int
    status: str
    ends_at: datetime


class Found(Protocol):
    """A campaign that a search finds; it also has the columns of its sort."""

    campaign_id: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """What a card of the public list shows."""

    id: str
    slug: str
    title: str
    summary: str
    sector: str
    image_id: str | None
    currency: str
    goal_minor: int
    settled_minor: int
    investors_count: int
    trade_name: str


@dataclass(frozen=True, slots=True)
class CompanyCampaign(RaiseRow):
    """A campaign on the dashboard of its company."""

    slug: str
    title: str | None
    currency: str
    starts_at: datetime | None
    rejection_reason: str | None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A campaign in the list of staff."""

    id: str
    author_id: str
    status: str
    title: str | None
    currency: str
    goal_minor: int | None
    settled_minor: int
    submitted_at: datetime | None
    chain_error: str | None
    trade_name: str | None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A public document of a campaign."""

    id: str
    title: str
    filename: str
    content_type: str
    size: int
    cid: str
    pinned_at: datetime | None
    pin_error: str | None


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document found by its content id; `is_public` once its campaign was live."""

    filename: str
    content_type: str
    company_id: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class LimitsRow:
    """A version of the limits in any state; amounts in minor units."""

    id: str
    from_on: date
    valid_from: datetime
    goal_min_minor: int
    goal_max_minor: int
    days_min: int
    days_max: int
    investment_min_minor: int
    threshold_bps: int
    grace_days: int
    reason: str
    status: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
