"""Rows that queries of updates return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """An update in any state but `removed`; it has a `published_at` once it was published."""

    id: str
    campaign_id: str
    author_id: str
    status: str
    title: str
    text_md: str
    created_at: datetime
    published_at: datetime | None
    corrected_at: datetime | None


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture of an update, and what it shows in words."""

    id: str
    update_id: str
    file_id: str
    alt: str


@dataclass(frozen=True, slots=True)
class FormerRow:
    """What a published update said before a correction."""

    title: str
    text_md: str
    pictures: list[list[str]]
    replaced_at: datetime
    replaced_by: str
