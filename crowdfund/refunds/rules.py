"""When a refund is reminded of, and what of refunds is still in a wallet; pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from crowdfund.kernel.errors import Conflict

REMINDED_AFTER = (1, 7, 30)  # days; docs/rules.md, Refund


class SourceKind(StrEnum):
    """What was refunded: an investment, or money that was not as expected."""

    INVESTMENT = "investment"
    EXCEPTION = "exception"


class NothingLeft(Conflict):
    """Nothing of a refund is in the wallet any more."""

    code = "nothing_left"


class NoWayBack(Conflict):
    """The gateway that brought the money cannot send it back."""

    code = "no_way_back"


def due_reminder(credited_at: datetime, now: datetime, reminded_days: int) -> int | None:
    """Return the latest reminder (in days) that is due and was not sent, or None.

    Earlier ones that were missed are left out: a scheduler that was off sends one, not three.
    """
    due = [days for days in REMINDED_AFTER if credited_at + timedelta(days=days) <= now]
    return due[-1] if due and due[-1] > reminded_days else None


def next_reminder(credited_at: datetime, now: datetime) -> tuple[int, datetime] | None:
    """Return the next reminder to come (in days) and its moment, or None after the last."""
    for days in REMINDED_AFTER:
        at = credited_at + timedelta(days=days)
        if at > now:
            return days, at
    return None


def split_wallet(rests: Sequence[int], available_minor: int) -> list[int]:
    """Return what of each rest is still in the wallet (minor units).

    `rests` are what refunds have not sent back, newest first. Older money is spent first, so the
    newest refunds are covered first. The parts never add up to more than what is available.
    """
    parts = []
    for rest in rests:
        part = min(rest, max(available_minor, 0))
        available_minor -= part
        parts.append(part)
    return parts


def return_key(refund_id: str, number: int) -> str:
    """Return the key of the n-th return of a refund: several clicks are one."""
    return f"refund:{refund_id}:{number}"
