"""The rows: what is to be done once, and when periodic work is due."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, new_id

KEY_LENGTH = 160


class Outbox(Base):
    """One piece of work to be done once, at or after `not_before`."""

    __tablename__ = "outbox"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    queue: Mapped[str] = mapped_column(sa.String(16))
    lane: Mapped[str] = mapped_column(sa.String(24), default="", server_default="")
    kind: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(KEY_LENGTH), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(sa.String(8), default="due")
    not_before: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leased_by: Mapped[str | None] = mapped_column(ID)
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
    __table_args__ = (
        sa.Index(None, "state", "queue", "lane", "not_before"),
        sa.Index(None, "kind", "done_at"),  # for the purge
        sa.Index(None, "state", "not_before", "id"),  # for the list of staff
    )


class Schedule(Base):
    """When a periodic piece of work is due next."""

    __tablename__ = "schedule"
    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Heartbeat(Base):
    """When a background process last finished some work through SQL."""

    __tablename__ = "heartbeat"
    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


outbox_table = Outbox.__table__
