"""Notify investors of updates."""

from collections.abc import Sequence

from crowdfund.kernel import outbox
from crowdfund.updates import service


@outbox.handler("updates.notify")
def notify(rows: Sequence[outbox.Row]) -> None:
    """Notify the investors of a campaign of a published update."""
    for row in rows:
        service.notify_investors(row.payload["update_id"])
