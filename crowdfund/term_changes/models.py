"""Tables of changed terms: what a company proposes, the versions, and what investors answer."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import (
    ID,
    Base,
    Json,
    UTCDateTime,
    append_only,
    event_table,
    new_id,
    one_of,
)
from crowdfund.term_changes.rules.life import Answer, Status


class TermChange(Base):
    """Other terms that a company proposes for its live campaign, and what staff decided.

    `terms` are the columns that may change, all of them. `document` is a file that is added to
    those of the campaign: title, filename, content_type, size, cid, sha256. `open_key` is the
    campaign while the change is open, so that there is one for a campaign.
    """

    __tablename__ = "term_change"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    open_key: Mapped[str | None] = mapped_column(ID, unique=True)
    status: Mapped[str] = mapped_column(sa.String(24), default=Status.DRAFT)
    author_id: Mapped[str] = mapped_column(ID)
    terms: Mapped[dict[str, Any]] = mapped_column(Json)
    document: Mapped[dict[str, Any] | None] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(sa.String(1000))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rejection_reason: Mapped[str | None] = mapped_column(sa.String(1000))
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The version that it became, and until when investors may answer.
    version: Mapped[int | None]
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> author_id", name="four_eyes"),
        sa.Index(None, "campaign_id", "id"),
        sa.Index(None, "status", "id"),
    )


@append_only
class TermsVersion(Base):
    """What investors agree to from a moment on, whole, with its hash; version 1 is the approved.

    `change_id` is the change that made it. Version 1 is added with the second.
    """

    __tablename__ = "terms_version"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    number: Mapped[int]
    change_id: Mapped[str | None] = mapped_column(ID)
    is_material: Mapped[bool]
    terms: Mapped[dict[str, Any]] = mapped_column(Json)
    hash: Mapped[str] = mapped_column(sa.String(66))
    reason: Mapped[str] = mapped_column(sa.String(1000))
    effective_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (sa.UniqueConstraint("campaign_id", "number"),)


class Reconfirmation(Base):
    """An investment whose investor is asked about a material change; minor units.

    No foreign key to the investment: adding rows would wait for whoever has locked one, who may be
    waiting for the campaign that the approval has locked.
    """

    __tablename__ = "reconfirmation"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    change_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("term_change.id"))
    campaign_id: Mapped[str] = mapped_column(ID)
    investment_id: Mapped[str] = mapped_column(ID, index=True)
    user_id: Mapped[str] = mapped_column(ID)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    status: Mapped[str] = mapped_column(sa.String(12), default=Answer.OPEN)
    version: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Answer),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("(status = 'open') = (answered_at IS NULL)", name="answered"),
        sa.UniqueConstraint("change_id", "investment_id"),
        sa.Index(None, "campaign_id", "status"),
        sa.Index(None, "user_id", "status"),
        sa.Index(None, "status", "due_at", "id"),
    )


term_change_event = event_table("term_change")
reconfirmation_event = event_table("reconfirmation")
