"""Forget what has served: tries, challenges, ended sessions, devices that nobody uses any more."""

from datetime import timedelta

import sqlalchemy as sa

from ... import clock, outbox, sessions
from ...db import rows_changed
from ..models.second_factor import FactorTry, KnownDevice, PasskeyChallenge

TRIES = timedelta(days=2)  # longer than the longest limit looks back
DEVICES = timedelta(days=400)  # the life of the cookie


@outbox.every(3_600, "accounts.purge_proofs")
def purge() -> int:
    """Remove what no rule looks at any more; return how many rows."""
    now = clock.now()
    return (
        rows_changed(sa.delete(FactorTry).where(FactorTry.at < now - TRIES))
        + rows_changed(sa.delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now - TRIES))
        + rows_changed(sa.delete(KnownDevice).where(KnownDevice.last_at < now - DEVICES))
        + sessions.purge()
    )
