"""Tables of people: who they are, their roles, their addresses."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, UTCDateTime, append_only, event_table, new_id, one_of


class User(Base):
    """A person. The e-mail address is verified; people may have a phone or wallet instead."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    first_name: Mapped[str] = mapped_column(sa.String(80), default="")
    last_name: Mapped[str] = mapped_column(sa.String(80), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    kyc_level: Mapped[str] = mapped_column(sa.String(10), default="none")
    kyc_status: Mapped[str] = mapped_column(sa.String(10), default="none")
    kyc_reason: Mapped[str] = mapped_column(sa.String(500), default="")
    kyc_expires_on: Mapped[date | None] = mapped_column(sa.Date)
    # Shown to others, so that they can say who invited them; the sponsor never changes once set.
    referral_code: Mapped[str] = mapped_column(sa.String(8), unique=True)
    sponsor_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(8), default="")
    # In which dates are written; empty: as the language does.
    calendar: Mapped[str] = mapped_column(sa.String(9), default="", server_default="")
    # The newest version of the terms of use that the person has accepted (TermsAcceptance).
    terms_version: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.CheckConstraint("sponsor_id <> id", name="nobody_invites_oneself"),
        one_of("kyc_level", "none", "basic", "enhanced"),
        one_of("kyc_status", "none", "pending", "verified", "rejected", "expired"),
        sa.Index(None, "created_at", "id"),
        sa.Index(None, "kyc_status", "created_at", "id"),
        sa.Index(None, "kyc_status", "kyc_expires_on"),
    )


@append_only
class TermsAcceptance(Base):
    """Who accepted which version of the terms of use, in which language, and when."""

    __tablename__ = "terms_acceptance"
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    version: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(8))
    accepted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class UserRole(Base):
    """A staff role of a person; who gave it and when."""

    __tablename__ = "person_role"
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    given_by: Mapped[str] = mapped_column(ID)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("role", "admin", "compliance", "finance", "regulator"),)


person_event = event_table("person")


# A subject is compared letter by letter; MySQL would take `abc` for `ABC` and let in someone else.
_VALUE = sa.String(512).with_variant(sa.String(512, collation="utf8mb4_bin"), "mysql", "mariadb")


class SignInMethod(Base):
    """One verified sign-in method: an address, a number, an identity at a provider, or a wallet.

    `value` is the normal form: lower-case e-mail, E.164, `issuer|subject`, EIP-55 address.
    """

    __tablename__ = "sign_in_method"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    value: Mapped[str] = mapped_column(_VALUE)
    label: Mapped[str] = mapped_column(sa.String(120), default="")
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.UniqueConstraint("kind", "value"),
        one_of("kind", "email", "phone", "oidc", "wallet"),
    )
