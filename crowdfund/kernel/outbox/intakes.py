"""Work that a busy path has stored in a table of its own: workers add it to the outbox in bulk.

A path that must answer fast (webhooks) saves the second insert this way. Its own row is the record,
so nothing is lost when a worker is away; the sweep and the health check read it too.
"""

from datetime import datetime

from crowdfund.kernel.db import commit, db, reading
from crowdfund.kernel.outbox.registry import INTAKES


def oldest(queue: str) -> datetime | None:
    """Return since when work of a queue waits to be added to the outbox, or None."""
    intake = INTAKES.get(queue)
    return intake.oldest() if intake else None


def collect(queue: str) -> int:
    """Add the waiting work to the outbox in a transaction of its own; return how much it was."""
    with reading():  # without the write lock, when there is nothing
        is_empty = oldest(queue) is None
        db.session.remove()
    if is_empty:
        return 0
    count = INTAKES[queue].collect()
    commit()
    return count
