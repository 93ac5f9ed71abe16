"""Rows that queries of the issuer's desk return; all amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SettledRow:
    """An investment whose money was counted for a campaign."""

    id: str
    user_id: str
    settled_at: datetime
    amount_minor: int
    currency: str
    shares: int
    status: str


@dataclass(frozen=True, slots=True)
class InvestorLine:
    """The same as a company sees it: a number, and a name only of those who hold its securities."""

    number: int
    name: str
    settled_at: datetime
    amount_minor: int
    currency: str
    shares: int
    status: str
