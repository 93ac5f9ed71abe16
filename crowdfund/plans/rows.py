"""Rows that queries of plans return."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A version of the plan in any state; amounts in minor units, shares in basis points."""

    id: str
    from_on: date
    pair_minor: int
    referral_minor: int
    month_limit: int
    free_pairs: int
    emi_bp: int
    reserve_bp: int
    surplus: str
    min_payout_minor: int
    reason: str
    status: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
