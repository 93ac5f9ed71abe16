"""Tables of second factors, known devices, pending changes and the security history."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import (
    ID,
    Base,
    LongText,
    UTCDateTime,
    append_only,
    event_table,
    new_id,
    one_of,
)


class Totp(Base):
    """The secret that a person shares with an authenticator app, sealed; each code works once."""

    __tablename__ = "totp"
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(sa.String(400))
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # of 30 s since 1970
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Passkey(Base):
    """A public key whose private key is on a device of the person."""

    __tablename__ = "passkey"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    credential_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    credential_id: Mapped[str] = mapped_column(sa.Text)  # base64url
    public_key: Mapped[str] = mapped_column(sa.Text)  # base64url, COSE
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    transports: Mapped[str] = mapped_column(sa.String(120), default="")
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PasskeyChallenge(Base):
    """A random number that a passkey has to sign, once and within minutes."""

    __tablename__ = "passkey_challenge"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(sa.String(8))
    challenge: Mapped[str] = mapped_column(sa.String(120))  # base64url
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("purpose", "create", "get"),)


class RecoveryCode(Base):
    """A recovery code for a lost device; only its keyed hash is stored."""

    __tablename__ = "recovery_code"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    hash: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (sa.UniqueConstraint("person_id", "hash"),)


class FactorTry(Base):
    """One attempt to enter a code; it counts as failed until the code was found to be right."""

    __tablename__ = "factor_try"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    failed: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (sa.Index(None, "person_id", "at"),)


class KnownDevice(Base):
    """A browser from which a person has signed in before, by the hash of its cookie."""

    __tablename__ = "known_device"
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    device_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SensitiveChange(Base):
    """A held change of a contact, sign-in method or account; content and addresses are sealed."""

    __tablename__ = "sensitive_change"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(sa.String(24))
    status: Mapped[str] = mapped_column(sa.String(10), default="held")
    removes: Mapped[bool] = mapped_column(default=False)
    # Masked, for pages and notices.
    shown: Mapped[str] = mapped_column(sa.String(120), default="")
    sealed: Mapped[str] = mapped_column(LongText)
    sealed_channels: Mapped[str] = mapped_column(LongText)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    apply_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.Index(None, "person_id", "kind", "status"),
        one_of("status", "held", "applied", "cancelled", "replaced", "failed"),
    )


sensitive_change_event = event_table("sensitive_change")


@append_only
class SecurityEvent(Base):
    """A line of a person's security history, for the person to read."""

    __tablename__ = "security_event"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(ID)
    what: Mapped[str] = mapped_column(sa.String(40))
    detail: Mapped[str] = mapped_column(sa.String(160), default="")
