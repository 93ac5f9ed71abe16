"""Remind of refunds that wait in a wallet, 1, 7 and 30 days after they were credited."""

from collections.abc import Sequence
from datetime import datetime

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, locked
from crowdfund.notifications import service as notifications
from crowdfund.refunds import queries, rules
from crowdfund.refunds.models import Refund


def queue_next(refund: Refund) -> None:
    """Queue the next reminder of a refund for its moment, if there is one to come."""
    if found := rules.next_reminder(refund.credited_at, clock.now()):
        days, at = found
        outbox.add(
            "refunds.remind",
            f"refund:{refund.id}:remind:{days}",
            {"refund_id": refund.id},
            not_before=at,
        )


def queue_first(refund_ids: Sequence[str], credited_at: datetime) -> None:
    """Queue the first reminder of refunds that were credited at one moment."""
    if found := rules.next_reminder(credited_at, clock.now()):
        days, at = found
        outbox.add_many(
            [
                ("refunds.remind", f"refund:{one}:remind:{days}", {"refund_id": one})
                for one in refund_ids
            ],
            not_before=at,
        )


def remind(refund_id: str) -> None:
    """Send the latest reminder that is due, once, and queue the next.

    None is sent of what went back, was spent or withdrawn, or was left in the wallet by choice.
    The refund stays claimable when the reminders have ended.
    """
    refund = locked(Refund, refund_id, queries.missing())
    days = rules.due_reminder(refund.credited_at, clock.now(), refund.reminded_days)
    if days is not None:
        left = queries.open_one(queries.get(refund_id)).wallet_minor
        if left > 0 and refund.kept_at is None:
            _notify(refund, left, days)
        refund.reminded_days = days
        db.session.flush()
    queue_next(refund)


def _notify(refund: Refund, left_minor: int, days: int) -> None:
    facts = {
        "amount_minor": left_minor,
        "currency": refund.currency,
        "credited_on": refund.credited_at.date().isoformat(),
    }
    notifications.notify(
        refund.user_id,
        "refund.reminder",
        facts,
        key=f"refund.reminder:{refund.id}:{days}",
        path=f"/wallet/refunds/{refund.id}",
    )
