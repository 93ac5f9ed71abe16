"""Requests of one admin about a person's account, which another decides."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, UTCDateTime, event_table, new_id, one_of


class StaffRequest(Base):
    """Give or take a role, or reset a second factor: requested by one admin, decided by another.

    `open_key` is set while the request is pending, so that there is only one of its kind.
    """

    __tablename__ = "staff_request"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    role: Mapped[str] = mapped_column(sa.String(16), default="")
    reason: Mapped[str] = mapped_column(sa.String(500))
    status: Mapped[str] = mapped_column(sa.String(10), default="pending")
    open_key: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("kind", "give_role", "take_role", "reset_factor"),
        one_of("status", "pending", "approved", "refused", "cancelled", "expired"),
        sa.CheckConstraint("(kind = 'reset_factor') = (role = '')", name="role_where_needed"),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> person_id", name="decided_by_another"
        ),
        sa.CheckConstraint("asked_by <> person_id", name="asked_by_another"),
        sa.CheckConstraint("status <> 'approved' OR decided_by <> asked_by", name="four_eyes"),
        sa.Index(None, "status", "asked_at"),
        sa.Index(None, "asked_at"),
    )


staff_request_event = event_table("staff_request")
