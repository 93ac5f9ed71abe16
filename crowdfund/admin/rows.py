"""Rows that queries of user management return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person in the list of users."""

    id: str
    first_name: str
    last_name: str
    email: str | None
    phone: str
    kyc_status: str
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A staff role of a person: who gave it and when."""

    role: str
    given_by: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Method:
    """A sign-in method as admins may see it: `shown` is masked."""

    kind: str
    shown: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class StaffRequestRow:
    """A request of one admin about a person."""

    id: str
    person_id: str
    kind: str
    role: str
    reason: str
    status: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class StaffRequestEvent:
    """A change of a request's status: when, by whom and why."""

    at: datetime
    actor: str
    to_status: str
    reason: str
