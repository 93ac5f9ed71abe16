"""Sensitive changes that wait before they are applied, and what a person should know about."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db import ID, LongText, UTCDateTime, append_only, db, event_table, new_id, one_of


class SensitiveChange(db.Model):
    """A change of a way to reach or to pay a person; what it holds and whom it tells are sealed."""

    __tablename__ = "sensitive_change"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(sa.String(24))
    status: Mapped[str] = mapped_column(sa.String(10), default="held")
    removes: Mapped[bool] = mapped_column(default=False)
    shown: Mapped[str] = mapped_column(sa.String(120), default="")  # masked: what pages and notices say
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
class SecurityEvent(db.Model):
    """What happened to a person's ways in, for the person to read."""

    __tablename__ = "security_event"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(ID)
    what: Mapped[str] = mapped_column(sa.String(40))
    detail: Mapped[str] = mapped_column(sa.String(160), default="")
