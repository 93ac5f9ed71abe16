"""Rows that queries of reconciliation return; amounts are minor units, units are token units."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """What a contract showed when it was last read.

    `missing` and `extra` are ids of investments that only the books, or only the contract, have;
    None where they were not compared.
    """

    address: str
    is_ours: bool
    status: str
    fiat_units: str
    token_units: str
    escrow_units: str
    releases: int
    block_number: int
    at: datetime
    missing: list[str] | None
    extra: list[str] | None


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A comparison of all contracts with the books; `failure` says why there was none."""

    id: str
    at: datetime
    block_number: int | None
    campaigns: int
    amount_minor: int
    differences: list[dict[str, Any]]
    failure: str | None


@dataclass(frozen=True, slots=True)
class InvestmentMark:
    """Whether an investment's money is in, and whether SQL holds it as recorded on chain."""

    id: str
    is_in: bool
    has_tx: bool


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """What decides of a campaign how it follows its contract."""

    company_id: str
    currency: str
    status: str
    ending: str | None
    settled_minor: int
    token_minor: int
    paid_token_minor: int
    fee_bps: int
    released_minor: int | None
    fee_minor: int | None
    tranches: list[dict[str, Any]] | None
    tranches_paid: int
    accepted_difference_minor: int
    accepted_result: str | None
    contract_address: str | None


@dataclass(frozen=True, slots=True)
class InvestmentRow:
    """What decides of an investment how its campaign follows its contract."""

    id: str
    user_id: str
    amount_minor: int
    status: str
    tx_hash: str | None
    chain_problem: str | None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request that a campaign follows its contract."""

    id: str
    campaign_id: str
    status: str
    reason: str
    plan: dict[str, Any]
    fingerprint: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """A request in the list of staff, with the title of its campaign."""

    id: str
    status: str
    asked_by: str
    asked_at: datetime
    title: str | None
