"""Rows that queries of a campaign's page return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FaqRow:
    """A question with its answer; `removed_at` is set for one that was public before."""

    id: str
    campaign_id: str
    status: str
    place: int
    question: str
    answer: str
    source_id: str | None
    added_at: datetime
    changed_at: datetime | None
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FormerFaq:
    """What a public question and its answer said before a change."""

    faq_id: str
    question: str
    answer: str
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture of a gallery, what it shows in words, and its size in pixels."""

    id: str
    campaign_id: str
    place: int
    file_id: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody behind the company; with a picture there is a size in pixels, too."""

    id: str
    campaign_id: str
    place: int
    name: str
    role: str
    text: str
    file_id: str | None
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class RemovalRow:
    """That something was removed from a public page, and when."""

    kind: str
    at: datetime
