"""Rows that queries of token payments return."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RateRow:
    """A dated rate: `numerator` minor units of the currency for `denominator` of the token."""

    id: str
    token: str
    currency: str
    numerator: int
    denominator: int
    valid_from: datetime
    source: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A quote for a payment, the wallet that pays, and what became of it.

    `token_minor` is what is to be paid, in hundredths of the token, `units` the same in the token's
    smallest units; `amount_minor` is what the payer is credited.
    """

    payment_id: str
    purpose_kind: str
    purpose_id: str
    intent: str
    rate_id: str
    amount_minor: int
    currency: str
    token: str
    token_minor: int
    units: str
    chain_id: int
    token_address: str
    contract: str
    quoted_at: datetime
    valid_until: datetime
    wallet: str | None
    wallet_at: datetime | None
    is_contract: bool
    calls: dict[str, Any] | None
    problem: str | None
    hint_tx: str | None
    hint_at: datetime | None
    tx_hash: str | None
    paid_at: datetime | None
    refund_tx: str | None
