"""Rows that queries of exchange rates return."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A proposed rate in any state: `numerator` hundredths of the currency for `denominator`."""

    id: str
    token: str
    currency: str
    numerator: int
    denominator: int
    from_on: date
    valid_from: datetime
    source: str
    has_checked: bool
    reason: str
    status: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    rate_id: str | None
