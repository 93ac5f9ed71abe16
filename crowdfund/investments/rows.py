"""Rows that queries of investments return; all amounts are minor units."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class InvestmentRow:
    """A person's investment, with its campaign."""

    id: str
    campaign_id: str
    user_id: str
    amount_minor: int
    shares: int
    currency: str
    rail: str
    status: str
    payment_id: str | None
    tx_hash: str | None
    chain_problem: str | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    cancel_tx: str | None
    created_at: datetime
    slug: str
    title: str | None
    ends_at: datetime | None
    contract_address: str | None
    goal_minor: int | None
    security_type: str | None
    interest_bps: int | None
    revenue_bps: int | None
    cap_bps: int | None
    term_months: int | None
    repayment: str | None


@dataclass(frozen=True, slots=True)
class SettledRow:
    """A settled investment of a campaign."""

    id: str
    user_id: str
    amount_minor: int
    tx_hash: str | None
    chain_problem: str | None


@dataclass(frozen=True, slots=True)
class CountedRow:
    """An investment whose money was counted for a campaign; it may have gone back since."""

    id: str
    user_id: str
    settled_at: datetime
    amount_minor: int
    currency: str
    shares: int
    status: str


@dataclass(frozen=True, slots=True)
class CampaignSums:
    """The totals of a campaign, and beside them the sums of its investments.

    `active`, `settled`, its part `settled_tokens` and `arriving` (paid but not yet counted) are
    sums of investments,
    `investors` counts those who have settled money, `in_days` is what its days add up to.
    """

    id: str
    status: str
    reserved_minor: int
    settled_minor: int
    investors_count: int
    goal_minor: int | None
    released_minor: int | None
    fee_minor: int | None
    tranches: list[dict[str, Any]] | None
    tranches_paid: int
    foreign_room_minor: int
    token_minor: int
    paid_token_minor: int
    active: int
    settled: int
    settled_tokens: int
    arriving: int
    investors: int
    in_days: int


@dataclass(frozen=True, slots=True)
class DayRow:
    """What a campaign received and returned on a day, and in how many investments."""

    day: date
    came: int
    came_minor: int
    went: int
    went_minor: int
