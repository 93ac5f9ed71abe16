"""Requests for codes: to sign in, or to prove an address that is being added."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db import ID, UTCDateTime, db, new_id, one_of


class Otp(db.Model):
    """One request for a code; the code itself is derived, never stored."""

    __tablename__ = "otp"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(sa.String(8), default="email")
    identifier: Mapped[str] = mapped_column(sa.String(254))
    # Who is signed in already and adds the address; nobody when the code is to sign in.
    person_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("person.id"))
    digits: Mapped[int] = mapped_column(default=6)
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    ip: Mapped[str] = mapped_column(sa.String(45))
    network: Mapped[str] = mapped_column(sa.String(45), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.Index(None, "identifier", "created_at"),
        sa.Index(None, "ip", "created_at"),
        sa.Index(None, "network", "created_at"),
        one_of("kind", "email", "phone"),
    )
