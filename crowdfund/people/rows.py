"""Rows that queries of people return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A sign-in method of a person; `value` is its normal form (see `models.SignInMethod`)."""

    id: str
    kind: str
    value: str
    label: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContactRow:
    """What a person's own record says about how to reach them."""

    id: str
    first_name: str
    email: str | None
    phone: str
    language: str
    calendar: str


@dataclass(frozen=True, slots=True)
class ContactChannels:
    """A person's verified addresses, the person's own first."""

    name: str
    language: str
    calendar: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]

    def addresses(self, channel: str) -> tuple[str, ...]:
        """Return the addresses of a channel (email or sms)."""
        return self.emails if channel == "email" else self.phones
