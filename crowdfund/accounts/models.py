"""People, their roles and their sign-in requests."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import ID, UTCDateTime, db, event_table, new_id, one_of


class User(db.Model):
    """A person; `version` changes with everything that a page shows of them."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    first_name: Mapped[str] = mapped_column(sa.String(80), default="")
    last_name: Mapped[str] = mapped_column(sa.String(80), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    kyc_level: Mapped[str] = mapped_column(sa.String(10), default="none")
    kyc_status: Mapped[str] = mapped_column(sa.String(10), default="none")
    kyc_reason: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("kyc_level", "none", "basic", "enhanced"),
        one_of("kyc_status", "none", "pending", "verified", "rejected"),
    )


class UserRole(db.Model):
    """A staff role of a person; who gave it and when."""

    __tablename__ = "person_role"
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    given_by: Mapped[str] = mapped_column(ID)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("role", "admin", "compliance", "finance", "regulator"),)


class Otp(db.Model):
    """One request for a sign-in code; the code itself is derived, never stored."""

    __tablename__ = "otp"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    identifier: Mapped[str] = mapped_column(sa.String(254))
    ip: Mapped[str] = mapped_column(sa.String(45))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (sa.Index(None, "identifier", "created_at"), sa.Index(None, "ip", "created_at"))


person_event = event_table("person")
