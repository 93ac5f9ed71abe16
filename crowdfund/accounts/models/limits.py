"""Counted tries to sign in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db import UTCDateTime, db


class SignInCounter(db.Model):
    """Wrong tries within one window; the subject is a keyed hash, so that the table names nobody."""

    __tablename__ = "sign_in_counter"
    scope: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    window_s: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    __table_args__ = (sa.Index(None, "began_at"),)
