"""Rows that queries of verification return."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class FactsRow:
    """What a person has entered; the number of the identity document is sealed.

    `id_number_mark` is a keyed hash, by which the same number is found in other files.
    """

    legal_name: str | None
    born_on: date | None
    nationality: str | None
    street: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None
    id_kind: str | None
    id_number_sealed: str | None
    id_number_mark: str | None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A person's request for a level, and the decision about it."""

    id: str
    level: str
    status: str
    submitted_at: datetime
    proposed_by: str | None
    proposed_at: datetime | None
    decided_at: datetime | None
    reason: str
    next_path: str


@dataclass(frozen=True, slots=True)
class NomineeRow:
    """A nominee of a person; the share is in basis points."""

    id: str
    full_name: str
    relationship: str
    born_on: date
    contact: str
    share_bp: int
    status: str
    reason: str
    revision: int


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A person in the reviewers' list, and what of theirs is waiting since when."""

    person_id: str
    email: str | None
    phone: str
    first_name: str
    last_name: str
    kyc_level: str
    kyc_status: str
    kyc_expires_on: date | None
    legal_name: str | None
    asks_for: str | None
    review_status: str | None
    nominees_waiting: int | None
    payout_waiting: datetime | None
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line of a person's history; `what` is person, review or nominee."""

    at: datetime
    actor: str
    what: str
    status: str
    reason: str
