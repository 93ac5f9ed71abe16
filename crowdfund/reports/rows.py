"""Rows that queries of reports return."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SelfcheckRow:
    """One run of the proofs; `problems` is empty when everything holds."""

    at: datetime
    problems: list[str]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A piece of background work in the list of staff."""

    id: str
    kind: str
    key: str
    state: str
    not_before: datetime
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class BookedRow:
    """A payment whose status and entries differ."""

    id: str
    status: str
    entry_id: str | None


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """Money on its way back, beside what was to go back and what its transaction brought."""

    id: str
    source_tx: str
    refunded_minor: int | None
    of_refund: int
    of_transaction: int
    brought_minor: int


@dataclass(frozen=True, slots=True)
class PaidOutRow:
    """A withdrawal or return, with its hold and entries: their ids, or None."""

    id: str
    user_id: str | None
    exception_id: str | None
    amount_minor: int
    status: str
    needs_approval: bool
    approved_by: str | None
    hold_account: str | None
    hold_minor: int | None
    hold_status: str | None
    sent: str | None
    paid: str | None
    taken_out: str | None
    put_back: str | None


@dataclass(frozen=True, slots=True)
class EndedRow:
    """A campaign whose contract ended in another way than the books."""

    id: str
    status: str
    contract_result: str


@dataclass(frozen=True, slots=True)
class RefusedCount:
    """A campaign with its stored number of refused payments, and the number that was counted."""

    id: str
    refused_count: int
    counted: int


@dataclass(frozen=True, slots=True)
class StuckRow:
    """A campaign whose ending the contract has not confirmed."""

    id: str
    ending: str
    ending_at: datetime
    chain_error: str | None


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """A live campaign past its deadline."""

    id: str
    ends_at: datetime
    grace_days: int
    chain_error: str | None


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A successful campaign that is not released, with its company; amounts in minor units.

    `is_own`: the reader acts for the company.
    """

    id: str
    author_id: str
    title: str | None
    trade_name: str | None
    currency: str
    settled_minor: int
    token_minor: int
    paid_token_minor: int
    fee_bps: int
    closed_at: datetime
    contract_address: str | None
    contract_result: str | None
    refused_count: int
    ending: str | None
    tranches: list[dict[str, Any]] | None
    tranches_paid: int
    is_own: bool
