"""The answers SETTLED of the last seconds, so that a burst of webhooks costs one status query.

A webhook may be verified by any answer requested after its arrival. Only SETTLED, the final status
of a payment, is remembered, and never used for a webhook that reports a failure.
"""

from datetime import datetime, timedelta

from crowdfund.adapters.gateways import Truth
from crowdfund.kernel import clock

REMEMBERED_FOR = timedelta(seconds=5)
MOST = 10_000


class SettledAnswers:
    """What one gateway answered to this process; safe between threads."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[datetime, Truth]] = {}

    def note(self, name: str, asked_at: datetime, truth: Truth) -> None:
        """Remember an answer about a transaction if it is SETTLED, else forget an earlier one."""
        if truth.status != "SETTLED":
            self._answers.pop(name, None)
            return
        if len(self._answers) >= MOST:
            self._answers = {}
        self._answers[name] = (asked_at, truth)

    def since(self, name: str, came_at: datetime) -> Truth | None:
        """Return the answer that was asked for after a moment, unless it is too old."""
        asked_at, truth = self._answers.get(name, (came_at, None))
        is_fresh = timedelta() <= clock.now() - asked_at <= REMEMBERED_FOR
        return truth if is_fresh and asked_at > came_at else None
