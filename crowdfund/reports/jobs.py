"""The proofs, every ten minutes, and a slice of what was proved before, every minute."""

import structlog

from crowdfund.kernel import audit, live, outbox
from crowdfund.kernel.notices import StaffWork
from crowdfund.reports import service

log = structlog.get_logger()


# The proofs read and save by themselves before the transaction that marks the work done begins:
# inside it they would hold SQLite's only write lock all the while.
@outbox.every(600, "reports.selfcheck", prepare=service.selfcheck)
def selfcheck(found: list[str]) -> None:
    """Log what is broken as an alert; the staff desk shows it."""
    _alert(found)
    seq, link = audit.head()
    # an end cut off later does not reach what was logged
    log.info("audit.head", seq=seq, hash=link)


@outbox.every(60, "reports.slices", prepare=service.prove_slices)
def slices(found: list[str]) -> None:
    """Log what a slice of the verified part shows."""
    _alert(found)


def _alert(found: list[str]) -> None:
    for problem in found:
        log.error("selfcheck.broken", problem=problem)


@outbox.on(StaffWork)
def show_work(_events: list[StaffWork]) -> None:
    """Notify open desks that a queue has grown."""
    live.changed("desk", "all")
