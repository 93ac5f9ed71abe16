"""Tokens of the API: a family for each sign-in, and its successive refresh tokens."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, UTCDateTime, new_id


class TokenFamily(Base):
    """One sign-in of a program; revoked as a whole."""

    __tablename__ = "token_family"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    agent: Mapped[str] = mapped_column(sa.String(200), default="")
    # Staff roles count only in a family that was opened with a second factor.
    has_second_factor: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_why: Mapped[str] = mapped_column(sa.String(16), default="")


class RefreshToken(Base):
    """One refresh token; `hash` is its SHA-256, so that the table grants no access."""

    __tablename__ = "refresh_token"
    hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    family_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("token_family.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
