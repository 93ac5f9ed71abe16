"""Tables of companies: the file, officers, bank accounts, changes, the team, and decisions."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.issuers.rules.life import ChangeStatus, Status
from crowdfund.issuers.rules.team import Role
from crowdfund.kernel.db import (
    ID,
    Base,
    Json,
    UTCDateTime,
    append_only,
    event_table,
    new_id,
    one_of,
)


class Company(Base):
    """A company's file: filled in by its owner, decided on by compliance, registered on chain."""

    __tablename__ = "company"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ID, index=True)
    status: Mapped[str] = mapped_column(sa.String(24), default=Status.DRAFT)
    legal_name: Mapped[str | None] = mapped_column(sa.String(120))
    trade_name: Mapped[str | None] = mapped_column(sa.String(60))
    registration_no: Mapped[str | None] = mapped_column(sa.String(40))
    tin: Mapped[str | None] = mapped_column(sa.String(24))
    sector: Mapped[str | None] = mapped_column(sa.String(24))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    contact_name: Mapped[str | None] = mapped_column(sa.String(120))
    contact_email: Mapped[str | None] = mapped_column(sa.String(254))
    contact_phone: Mapped[str | None] = mapped_column(sa.String(20))
    street: Mapped[str | None] = mapped_column(sa.String(160))
    city: Mapped[str | None] = mapped_column(sa.String(80))
    region: Mapped[str | None] = mapped_column(sa.String(80))
    postal_code: Mapped[str | None] = mapped_column(sa.String(12))
    # The address of files from before it had parts; shown until the parts are filled in.
    address: Mapped[str | None] = mapped_column(sa.String(300))
    wallet_address: Mapped[str | None] = mapped_column(sa.String(42))
    # Set when the platform made the wallet and holds its key, sealed under SECRET_KEY.
    wallet_sealed_key: Mapped[str | None] = mapped_column(sa.String(200))
    # Salt of everything that goes on chain about this company; it never leaves SQL.
    salt: Mapped[str] = mapped_column(sa.String(64))
    # One file per licence and per wallet: claimed when submitted, given back when rejected.
    claimed_registration: Mapped[str | None] = mapped_column(sa.String(50), unique=True)
    claimed_wallet: Mapped[str | None] = mapped_column(sa.String(42), unique=True)
    declared_by: Mapped[str | None] = mapped_column(ID)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    reviewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reviewed_by: Mapped[str | None] = mapped_column(ID)
    rejection_reason: Mapped[str | None] = mapped_column(sa.String(1000))
    vc_hash: Mapped[str | None] = mapped_column(sa.String(66))
    documents_commitment: Mapped[str | None] = mapped_column(sa.String(66))
    # Counts the tries, so that each has an intent of its own.
    registration_tries: Mapped[int] = mapped_column(default=0)
    registered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    register_tx: Mapped[str | None] = mapped_column(sa.String(66))
    registration_error: Mapped[str | None] = mapped_column(sa.String(500))
    # Updates, deactivations and reactivations in the registry: tries, and the last one it refused.
    chain_tries: Mapped[int] = mapped_column(default=0)
    chain_failed: Mapped[str | None] = mapped_column(sa.String(24))
    chain_error: Mapped[str | None] = mapped_column(sa.String(500))
    deactivated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deactivation_reason: Mapped[str | None] = mapped_column(sa.String(1000))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        sa.Index(None, "status", "submitted_at"),
        sa.Index(None, "status", "id"),
        sa.Index(None, "country"),
    )


class CompanyMember(Base):
    """Someone who acts for a company, and so never decides about it."""

    __tablename__ = "company_member"
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True, index=True)
    role: Mapped[str] = mapped_column(sa.String(16), default=Role.OWNER)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("role", *Role),)


class CompanyInvitation(Base):
    """A place in the team, offered to an e-mail address; the link names the row and is signed."""

    __tablename__ = "company_invitation"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), index=True)
    email: Mapped[str] = mapped_column(sa.String(254))
    role: Mapped[str] = mapped_column(sa.String(16))
    invited_by: Mapped[str] = mapped_column(ID)
    invited_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    accepted_by: Mapped[str | None] = mapped_column(ID)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("role", *Role),)


class CompanyOfficer(Base):
    """Someone who runs or owns the company; past ones stay, with the day they were taken off."""

    __tablename__ = "company_officer"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    role: Mapped[str] = mapped_column(sa.String(24))
    born_on: Mapped[date]
    nationality: Mapped[str] = mapped_column(sa.String(2))
    ownership_bps: Mapped[int]
    is_beneficial_owner: Mapped[bool]
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.CheckConstraint("ownership_bps >= 0 AND ownership_bps <= 10000", name="ownership"),
    )


class CompanyBankAccount(Base):
    """An account for pay-outs: the number is sealed, only its end is stored readable.

    In force from `in_force_at` to `ended_at`; without the first it is proposed.
    """

    __tablename__ = "company_bank_account"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), index=True)
    format: Mapped[str] = mapped_column(sa.String(4))
    bank: Mapped[str] = mapped_column(sa.String(120))
    holder: Mapped[str] = mapped_column(sa.String(120))
    masked: Mapped[str] = mapped_column(sa.String(140))
    sealed: Mapped[str] = mapped_column(sa.String(1000))
    added_by: Mapped[str] = mapped_column(ID)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    in_force_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CompanyChange(Base):
    """A change that a verified company wants in one part of its file, stored beside the facts.

    `old` and `new` hold what the part's page holds; a bank account only its id and masked form.
    """

    __tablename__ = "company_change"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"))
    part: Mapped[str] = mapped_column(sa.String(16))
    status: Mapped[str] = mapped_column(sa.String(16), default=ChangeStatus.OPEN)
    old: Mapped[dict[str, Any]] = mapped_column(Json)
    new: Mapped[dict[str, Any]] = mapped_column(Json)
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str | None] = mapped_column(sa.String(1000))
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *ChangeStatus),
        sa.Index(None, "company_id", "status"),
        sa.Index(None, "status", "sent_at"),
    )


@append_only
class CompanyDeclaration(Base):
    """One statement that someone confirmed, with the hash of its text."""

    __tablename__ = "company_declaration"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), index=True)
    statement: Mapped[str] = mapped_column(sa.String(24))
    text_hash: Mapped[str] = mapped_column(sa.String(64))
    said_by: Mapped[str] = mapped_column(ID)
    said_at: Mapped[datetime] = mapped_column(UTCDateTime)


company_event = event_table("company")
company_change_event = event_table("company_change")
