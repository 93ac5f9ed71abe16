"""Rows that queries of companies return."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company's file; whatever its owner has not filled in yet is None."""

    id: str
    owner_id: str
    status: str
    legal_name: str | None
    trade_name: str | None
    registration_no: str | None
    tin: str | None
    sector: str | None
    country: str | None
    contact_name: str | None
    contact_email: str | None
    contact_phone: str | None
    street: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    address: str | None
    wallet_address: str | None
    wallet_sealed_key: str | None
    submitted_at: datetime | None
    reviewed_at: datetime | None
    reviewed_by: str | None
    rejection_reason: str | None
    vc_hash: str | None
    documents_commitment: str | None
    registered_at: datetime | None
    register_tx: str | None
    registration_error: str | None
    chain_failed: str | None
    chain_error: str | None
    deactivation_reason: str | None


@dataclass(frozen=True, slots=True)
class MemberCompany(CompanyRow):
    """A company, with the role there of the person who asks."""

    my_role: str


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A company in the list of staff."""

    id: str
    owner_id: str
    status: str
    legal_name: str | None
    trade_name: str | None
    registration_no: str | None
    sector: str | None
    country: str | None
    submitted_at: datetime | None
    registered_at: datetime | None
    registration_error: str | None
    chain_error: str | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person in the team of a company."""

    user_id: str
    role: str
    since: datetime


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """A place in the team that was offered to an e-mail address."""

    id: str
    company_id: str
    email: str
    role: str
    invited_by: str
    expires_at: datetime
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A bank account without its number."""

    id: str
    format: str
    holder: str
    masked: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of one page of a verified file; `old` and `new` hold what the page holds."""

    part: str
    status: str
    old: dict[str, Any]
    new: dict[str, Any]
    reason: str | None


@dataclass(frozen=True, slots=True)
class DeclarationRow:
    """A statement that somebody confirmed."""

    statement: str
    said_at: datetime
