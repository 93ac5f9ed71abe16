"""Rows that queries of payout accounts return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout account as pages show it: without its full number."""

    id: str
    person_id: str
    scheme: str
    country: str
    bank_code: str
    bank_name: str
    holder: str
    masked: str
    status: str
    reason: str
    added_at: datetime
