"""Rows that queries of security return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AppRow:
    """When an authenticator app was added and last used."""

    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """A passkey; `credential_id` is base64url, `transports` are separated by spaces."""

    id: str
    name: str
    credential_id: str
    transports: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PublicKeyRow:
    """What checks a passkey's signature; the key is base64url of COSE."""

    id: str
    person_id: str
    public_key: str
    sign_count: int


@dataclass(frozen=True, slots=True)
class Change:
    """A sensitive change as pages show it: no full number or address in it."""

    id: str
    person_id: str
    kind: str
    status: str
    removes: bool
    shown: str
    reason: str
    requested_at: datetime
    apply_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecurityEventRow:
    """A line of a person's security history."""

    at: datetime
    actor: str
    what: str
    detail: str
