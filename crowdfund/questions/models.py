"""Tables of questions: what people ask about a campaign, and the company's answers."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import (
    ID,
    Base,
    UTCDateTime,
    append_only,
    event_table,
    new_id,
    one_of,
)
from crowdfund.questions.rules import Status


class CampaignQuestion(Base):
    """A question about a campaign; everyone reads it once it is answered.

    `asker_name` is the short name that the person was told before sending.
    """

    __tablename__ = "campaign_question"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    campaign_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign.id"))
    asker_id: Mapped[str] = mapped_column(ID)
    asker_name: Mapped[str] = mapped_column(sa.String(80))
    status: Mapped[str] = mapped_column(sa.String(24), default=Status.OPEN)
    text: Mapped[str] = mapped_column(sa.String(1000))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answer: Mapped[str | None] = mapped_column(sa.String(3000))
    answered_by: Mapped[str | None] = mapped_column(ID)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    corrected_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *Status),
        sa.CheckConstraint("status <> 'answered' OR answer IS NOT NULL", name="answer"),
        sa.Index(None, "campaign_id", "status", "answered_at", "id"),
        sa.Index(None, "campaign_id", "status", "id"),
        sa.Index(None, "asker_id", "asked_at"),
    )


@append_only
class CampaignAnswerVersion(Base):
    """An answer that was corrected by the company, or hidden by our staff with a reason."""

    __tablename__ = "campaign_answer_version"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    question_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("campaign_question.id"), index=True)
    text: Mapped[str] = mapped_column(sa.String(3000))
    answered_by: Mapped[str] = mapped_column(ID)
    replaced_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaced_by: Mapped[str] = mapped_column(ID)
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")


campaign_question_event = event_table("campaign_question")
