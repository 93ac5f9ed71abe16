"""What a row's hash covers; pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crowdfund.kernel import hashing

COLUMNS = ("seq", "actor", "roles", "action", "outcome", "subject_kind", "subject_id", "request_id")
TEXT_LENGTH = 1_000  # of one text in the detail


def row_hash(previous: str, row: Mapping[str, Any]) -> str:
    """Return the SHA-256 over the hash before and everything that a row contains."""
    at: datetime = row["at"]
    moment = at.astimezone(UTC).isoformat()
    return hashing.link(previous, moment, row["detail"], *(row[name] for name in COLUMNS))


def plain(value: object) -> object:
    """Return a value as every database gives it back: text, int, bool, None, lists and objects."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)
        ]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)[:TEXT_LENGTH]
