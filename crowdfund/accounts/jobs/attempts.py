"""Clear away sign-ins that ended long ago."""

from ... import outbox
from ..service import attempts


@outbox.every(3600, "accounts.purge_attempts")
def purge_attempts() -> None:
    """Remove attempts at a provider or in a wallet that nobody can finish any more."""
    attempts.purge()
