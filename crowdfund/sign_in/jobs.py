"""Scheduled work: delete old attempts and counters."""

from crowdfund.kernel import outbox
from crowdfund.sign_in.service import attempts, limits


@outbox.every(3600, "sign_in.purge_attempts")
def purge_attempts() -> None:
    """Delete expired sign-ins at a provider or in a wallet."""
    attempts.purge()


@outbox.every(3600, "sign_in.purge_limits")
def purge_limits() -> None:
    """Delete old counters and requests for codes."""
    limits.purge()
