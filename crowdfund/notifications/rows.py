"""Rows that queries of notifications return."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice in a person's list; `context` fills the sentence of its kind."""

    id: str
    key: str
    person_id: str
    kind: str
    context: dict[str, Any]
    path: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """An e-mail or SMS; `kind` is empty for one that is no notice, such as a sign-in code."""

    id: str
    channel: str
    to_address: str
    template: str
    kind: str
    person_id: str | None
    language: str
    calendar: str
    context: dict[str, Any]
    created_at: datetime
    sent_at: datetime | None
    failed_at: datetime | None
    tries: int
    last_error: str
