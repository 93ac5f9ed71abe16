"""Sign-in requests by code."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db import ID, UTCDateTime, db, new_id


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
