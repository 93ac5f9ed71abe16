"""Clear away what limits no longer look at."""

from ... import outbox
from ..service import limits


@outbox.every(3600, "accounts.purge_limits")
def purge_limits() -> None:
    """Remove old counters and requests for codes."""
    limits.purge()
