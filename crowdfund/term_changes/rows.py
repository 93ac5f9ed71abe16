"""Rows that queries of changed terms return; all amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of terms in any state."""

    id: str
    campaign_id: str
    status: str
    author_id: str
    terms: dict[str, Any]
    document: dict[str, Any] | None
    reason: str
    created_at: datetime
    submitted_at: datetime | None
    rejection_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A change of terms in the list of staff."""

    id: str
    status: str
    submitted_at: datetime
    title: str | None
    trade_name: str | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a campaign's terms."""

    number: int
    change_id: str | None
    is_material: bool
    terms: dict[str, Any]
    hash: str
    reason: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class LatestVersion:
    """The newest version of a campaign's terms, and since when."""

    number: int
    is_material: bool
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An investment whose investor is asked about changed terms."""

    id: str
    change_id: str
    campaign_id: str
    investment_id: str
    user_id: str
    amount_minor: int
    status: str
    version: int
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class AskedRow:
    """The same on a list of its investor, with the campaign."""

    investment_id: str
    due_at: datetime
    title: str | None
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ActiveInvestment:
    """An investment that holds money or room of a campaign."""

    id: str
    user_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How many investors have answered in a way, and about how much money."""

    status: str
    number: int
    amount_minor: int
