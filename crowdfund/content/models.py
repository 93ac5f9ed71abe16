"""Tables of a campaign's page beside its story: questions with answers, pictures, people."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.content.rules.faq import Status
from crowdfund.kernel.db import (
    ID,
    Base,
    UTCDateTime,
    append_only,
    event_table,
    new_id,
    one_of,
)


class CampaignFaq(Base):
    """A question that the company answers by itself on the page of its campaign.

    `removed_at` is set if it was public before; one of a draft that was removed stays as an empty
    row, because its history refers to it. `source_id` is the visitor's question it was copied from.
    """

    __tablename__ = "campaign_faq"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    status: Mapped[str] = mapped_column(sa.String(24), default=Status.SHOWN)
    place: Mapped[int]
    question: Mapped[str] = mapped_column(sa.String(150))
    answer: Mapped[str] = mapped_column(sa.String(2000))
    source_id: Mapped[str | None] = mapped_column(ID)
    added_by: Mapped[str] = mapped_column(ID)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("status", *Status), sa.Index(None, "campaign_id", "place"))


@append_only
class CampaignFaqVersion(Base):
    """What a public question and its answer said before they were changed."""

    __tablename__ = "campaign_faq_version"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    faq_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign_faq.id"), index=True)
    question: Mapped[str] = mapped_column(sa.String(150))
    answer: Mapped[str] = mapped_column(sa.String(2000))
    replaced_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaced_by: Mapped[str] = mapped_column(ID)


class CampaignPicture(Base):
    """A picture of a gallery; the bytes are a public file. Width and height are in pixels."""

    __tablename__ = "campaign_picture"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    place: Mapped[int]
    file_id: Mapped[str] = mapped_column(sa.String(80))
    alt: Mapped[str] = mapped_column(sa.String(160))
    width: Mapped[int]
    height: Mapped[int]
    added_by: Mapped[str] = mapped_column(ID)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (sa.Index(None, "campaign_id", "place"),)


class CampaignPerson(Base):
    """Somebody behind the company, shown because they agreed to it: `agreed_by` has said so."""

    __tablename__ = "campaign_person"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    place: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    role: Mapped[str] = mapped_column(sa.String(80))
    text: Mapped[str] = mapped_column(sa.String(400))
    file_id: Mapped[str | None] = mapped_column(sa.String(80), index=True)
    width: Mapped[int | None]
    height: Mapped[int | None]
    agreed_by: Mapped[str] = mapped_column(ID)
    agreed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (sa.Index(None, "campaign_id", "place"),)


@append_only
class CampaignRemoval(Base):
    """That a picture or a person was removed from a public page; not which one."""

    __tablename__ = "campaign_removal"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(ID)
    __table_args__ = (one_of("kind", "picture", "person"),)


campaign_faq_event = event_table("campaign_faq")
