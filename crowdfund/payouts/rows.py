"""Rows that queries of withdrawals return; amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A withdrawal to a person's payout account, or money on its way back to its source."""

    id: str
    user_id: str | None
    amount_minor: int
    currency: str
    gateway: str
    kind: str
    account_id: str | None
    refund_id: str | None
    exception_id: str | None
    source_tx: str | None
    masked: str
    hold_id: str | None
    needs_approval: bool
    status: str
    approved_by: str | None
    reason: str
    gateway_id: str | None
    sends: int
    most_sends: int
    last_sent_at: datetime | None
    problem: str | None
    requested_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What the bank answered about a withdrawal."""

    at: datetime
    outcome: str
    detail: str
