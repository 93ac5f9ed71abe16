"""Rows that queries of questions return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question in any state; it has an answer while it is `answered`."""

    id: str
    campaign_id: str
    asker_id: str
    asker_name: str
    status: str
    text: str
    asked_at: datetime
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    corrected_at: datetime | None


@dataclass(frozen=True, slots=True)
class FormerAnswer:
    """An answer that was corrected, or hidden by staff; then it has a reason."""

    text: str
    answered_by: str
    replaced_at: datetime
    replaced_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """When a question was asked, where and with which words."""

    campaign_id: str
    text: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """The reason of a change of state of a question; may be empty."""

    question_id: str
    reason: str
