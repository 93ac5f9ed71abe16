"""Rows that queries of the issuer's desk return; all amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class InvestorLine:
    """An investment as its company sees it: a number, and a name of those who hold securities."""

    number: int
    name: str
    settled_at: datetime
    amount_minor: int
    currency: str
    shares: int
    status: str
