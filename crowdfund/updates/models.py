"""Tables of updates: what a company writes about its campaign, its pictures and former texts."""

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
from crowdfund.updates.rules import Status


class CampaignUpdate(Base):
    """What a company writes about its campaign; everyone reads it once it is published.

    A draft that was discarded stays as an empty row, because its history refers to it.
    """

    __tablename__ = "campaign_update"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    author_id: Mapped[str] = mapped_column(ID)
    status: Mapped[str] = mapped_column(sa.String(24), default=Status.DRAFT)
    title: Mapped[str] = mapped_column(sa.String(120))
    text_md: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    corrected_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        sa.Index(None, "campaign_id", "status", "published_at", "id"),
        sa.Index(None, "campaign_id", "id"),
    )


class CampaignUpdatePicture(Base):
    """A picture of an update; the bytes are a public file."""

    __tablename__ = "campaign_update_picture"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    update_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign_update.id"), index=True)
    file_id: Mapped[str] = mapped_column(sa.String(80))
    alt: Mapped[str] = mapped_column(sa.String(160))


@append_only
class CampaignUpdateVersion(Base):
    """What a published update said before it was corrected; `pictures` are (file, words)."""

    __tablename__ = "campaign_update_version"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    update_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign_update.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    text_md: Mapped[str] = mapped_column(sa.Text)
    pictures: Mapped[list[Any]] = mapped_column(Json)
    replaced_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaced_by: Mapped[str] = mapped_column(ID)


campaign_update_event = event_table("campaign_update")
