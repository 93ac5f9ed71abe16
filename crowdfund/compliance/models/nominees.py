"""Who gets a person's holdings after death."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db import ID, UTCDateTime, db, event_table, new_id, one_of


class Nominee(db.Model):
    """One nominee of a person. The share is in basis points; those in force add up to 10,000."""

    __tablename__ = "nominee"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    full_name: Mapped[str] = mapped_column(sa.String(120))
    relationship: Mapped[str] = mapped_column(sa.String(16))
    born_on: Mapped[date] = mapped_column(sa.Date)
    contact: Mapped[str] = mapped_column(sa.String(254))
    share_bp: Mapped[int]
    status: Mapped[str] = mapped_column(sa.String(10), default="draft")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    revision: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", "draft", "pending", "verified", "rejected", "removed"),
        sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share_of_a_whole"),
        sa.Index(None, "status", "submitted_at"),
    )


nominee_event = event_table("nominee")
