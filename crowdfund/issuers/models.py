"""Tables of companies: the file, its members, its papers and who decided what."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.db import ID, UTCDateTime, db, event_table, new_id, one_of

from .rules import Status


class Company(db.Model):
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
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("status", *Status), sa.Index(None, "status", "submitted_at"))


class CompanyMember(db.Model):
    """Somebody who acts for a company, and so never decides about it."""

    __tablename__ = "company_member"
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ID, primary_key=True, index=True)
    role: Mapped[str] = mapped_column(sa.String(16), default="owner")
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("role", "owner", "member"),)


class CompanyDocument(db.Model):
    """One uploaded paper; the bytes lie encrypted in storage, the key here."""

    __tablename__ = "company_document"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("company.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    filename: Mapped[str] = mapped_column(sa.String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    file_id: Mapped[str] = mapped_column(sa.String(32))
    file_key: Mapped[str] = mapped_column(sa.String(64))
    uploaded_by: Mapped[str] = mapped_column(ID)
    uploaded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


company_event = event_table("company")
