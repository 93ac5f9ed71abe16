"""Tell investors about changed terms, remind them, and refund whoever has not answered."""

from collections.abc import Sequence

from crowdfund.kernel import outbox
from crowdfund.term_changes.service import answering, asking, lapsing

__all__ = ["answering"]  # registers what holds up the close of a campaign


@outbox.handler("term_changes.announce", queue="messages")
def announce(rows: Sequence[outbox.Row]) -> None:
    """Notify the next investors that they are asked."""
    for row in rows:
        asking.announce_next(**row.payload)


@outbox.handler("term_changes.lapse", queue="default")
def lapse(rows: Sequence[outbox.Row]) -> None:
    """Refund the next investments about which nobody has answered."""
    for row in rows:
        lapsing.go_on(**row.payload)


@outbox.every(30, "term_changes.lapse_due")
def lapse_due() -> None:
    """Begin refunds whose time has come, and finish the changes that everyone has answered."""
    lapsing.settle_ended()
    lapsing.begin_due()
    lapsing.finish_due()


@outbox.every(300, "term_changes.remind_due")
def remind_due() -> None:
    """Remind investors who have a day left to answer."""
    asking.remind_due()
