"""What payments are for: higher features register their page, and what more money they accept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Purpose:
    """How payments talk to a feature that they cannot import."""

    url_of: Callable[[str], str]
    accepts_late: Callable[[str], bool]
    rest_until: Callable[[str], datetime | None] = lambda _id: None


_purposes: dict[str, Purpose] = {}


def register_purpose(
    kind: str,
    url_of: Callable[[str], str],
    *,
    accepts_late: Callable[[str], bool] = lambda _id: False,
    rest_until: Callable[[str], datetime | None] = lambda _id: None,
) -> None:
    """Register the status page of a purpose, and whether one that has ended can still take money.

    `rest_until`: until when the missing part of a payment that came short may follow; None: never.

    A higher feature does so when it is loaded. One that accepts late money must handle
    `payment.settled` after `payment.failed` or `payment.expired`.
    """
    _purposes[kind] = Purpose(url_of, accepts_late, rest_until)


def purpose_url(kind: str, purpose_id: str) -> str | None:
    """Return the status page of what a payment is for, if its feature has registered one."""
    purpose = _purposes.get(kind)
    return purpose.url_of(purpose_id) if purpose else None


def accepts_late(kind: str, purpose_id: str) -> bool:
    """Return whether a purpose still takes its money after it was notified that none comes."""
    purpose = _purposes.get(kind)
    return bool(purpose and purpose.accepts_late(purpose_id))


def rest_until(kind: str, purpose_id: str) -> datetime | None:
    """Return until when a purpose takes the missing part of its money, or None."""
    purpose = _purposes.get(kind)
    return purpose.rest_until(purpose_id) if purpose else None
