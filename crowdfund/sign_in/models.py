"""Tables of signing in: codes, attempts, counters."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, new_id, one_of


class Otp(Base):
    """One request for a code; the code itself is derived, never stored."""

    __tablename__ = "otp"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(sa.String(8), default="email")
    identifier: Mapped[str] = mapped_column(sa.String(254))
    # The signed-in person who adds the address; None when the code is to sign in.
    person_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("person.id"))
    digits: Mapped[int] = mapped_column(default=6)
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    ip: Mapped[str] = mapped_column(sa.String(45))
    network: Mapped[str] = mapped_column(sa.String(45), default="")
    # The browser's secret, hashed; the address of a client that has none.
    device: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.Index(None, "identifier", "created_at"),
        sa.Index(None, "ip", "created_at"),
        sa.Index(None, "network", "created_at"),
        sa.Index(None, "device", "created_at"),
        one_of("kind", "email", "phone"),
    )


class SignInAttempt(Base):
    """What the server knows of a sign-in from its start, so that it need not trust the answer.

    The id is random and secret to the browser that started it (the `state` of OIDC, the request id
    of EIP-4361). The answer must match `facts`: nonce and verifier, or the text to be signed.
    """

    __tablename__ = "sign_in_attempt"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    browser: Mapped[str] = mapped_column(sa.String(64))
    ip: Mapped[str] = mapped_column(sa.String(45))
    network: Mapped[str] = mapped_column(sa.String(45))
    # The person who was signed in at the start and adds a method; None for a sign-in.
    person_id: Mapped[str | None] = mapped_column(ID)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.Index(None, "network", "created_at"),
        one_of("kind", "oidc", "wallet", "passkey"),
    )


class SignInCounter(Base):
    """Wrong attempts in one window; the subject is a keyed hash, so that the table names nobody."""

    __tablename__ = "sign_in_counter"
    scope: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    window_s: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    __table_args__ = (sa.Index(None, "began_at"),)
