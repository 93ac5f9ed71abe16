"""Notices in a person's list, messages to addresses, and people's choices."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, new_id, one_of


class Notice(Base):
    """One notice in a person's list; the key makes it unique."""

    __tablename__ = "notice"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(sa.String(60))
    context: Mapped[dict[str, Any]] = mapped_column(Json)
    path: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.Index(None, "person_id", "read_at", "id"),
        sa.Index(None, "person_id", "id"),
    )


class Choice(Base):
    """A person's choice for one kind and channel, if it differs from the default of the kind."""

    __tablename__ = "notice_choice"
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    is_wanted: Mapped[bool] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("channel", "email", "sms"),)


class Message(Base):
    """One e-mail or SMS; the key makes it unique. The context holds ids and figures, no secrets.

    Its state follows from two times: sent, failed for good, or waiting while both are empty.
    """

    __tablename__ = "message"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    channel: Mapped[str] = mapped_column(sa.String(8), default="email")
    to_address: Mapped[str] = mapped_column(sa.String(254), index=True)
    # The file in templates/email, or `notice`, which any kind of notice uses.
    template: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[str] = mapped_column(sa.String(60), default="")
    person_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(8), default="")
    calendar: Mapped[str] = mapped_column(sa.String(9), default="", server_default="")
    context: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")
    __table_args__ = (
        one_of("channel", "email", "sms"),
        sa.Index(None, "created_at"),
        sa.Index(None, "sent_at", "failed_at"),
        sa.Index(None, "failed_at", "id"),
        sa.Index(None, "kind", "id"),
    )
