"""The proofs, every ten minutes."""

import structlog

from .. import audit, live, outbox
from . import service

log = structlog.get_logger()


@outbox.every(600, "reports.selfcheck")
def selfcheck() -> None:
    """Run the proofs; what is broken is logged as an alert and shown on the staff desk."""
    for problem in service.selfcheck():
        log.error("selfcheck.broken", problem=problem)
    seq, link = audit.head()
    log.info("audit.head", seq=seq, hash=link)  # an end cut off later does not reach what was logged


@outbox.on("staff.work")
def show_work(_rows: list[outbox.Row]) -> None:
    """Tell open desks that a queue has grown."""
    live.changed("desk", "all")
