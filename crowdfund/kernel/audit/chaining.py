"""What a row's hash covers; pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
COLUMNS = ("seq", "actor", "roles", "action", "outcome", "subject_kind", "subject_id", "request_id")
TEXT_LENGTH = 1_000  # of one text in the detail


def row_hash(previous: str, row: Mapping[str, Any]) -> str:
    """Return the SHA-256 over the hash before and everything that a row contains."""
    at: datetime = row["at"]
    said = [
        previous,
        at.astimezone(UTC).isoformat(),
        row["detail"],
        *(row[name] for name in COLUMNS),
    ]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: object) -> object:
    """Return a value as every database gives it back: texts, whole numbers, truth, lists, objects."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)
        ]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)[:TEXT_LENGTH]
