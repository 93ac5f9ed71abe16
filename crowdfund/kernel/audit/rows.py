"""Rows that queries of the audit log return."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of the audit log, with its link in the chain."""

    seq: int
    at: datetime
    actor: str
    roles: str
    action: str
    outcome: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any]
    request_id: str
    previous: str
    hash: str
