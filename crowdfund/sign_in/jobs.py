"""What happens on schedule: old attempts and counters are deleted."""

from crowdfund.kernel import outbox
from crowdfund.sign_in.service import attempts, limits


@outbox.every(3600, "sign_in.purge_attempts")
def purge_attempts() -> None:
    """Remove attempts at a provider or in a wallet that nobody can finish any more."""
    attempts.purge()


@outbox.every(3600, "sign_in.purge_limits")
def purge_limits() -> None:
    """Remove old counters and requests for codes."""
    limits.purge()
