"""Scheduled work: apply changes, delete old proofs."""

from datetime import timedelta

import sqlalchemy as sa

from crowdfund.kernel import clock, outbox, sessions
from crowdfund.kernel.db import rows_changed
from crowdfund.security.models import FactorTry, KnownDevice, PasskeyChallenge
from crowdfund.security.service import changes


@outbox.handler("security.apply_change")
def apply_change(rows: list[outbox.Row]) -> None:
    """Apply a sensitive change, unless it was cancelled in the meantime."""
    for row in rows:
        changes.apply(row.payload["change_id"])


TRIES = timedelta(days=2)  # more than the window of the longest limit
DEVICES = timedelta(days=400)  # the life of the cookie


@outbox.every(3_600, "security.purge_proofs")
def purge() -> int:
    """Delete rows that no rule needs any more; return how many."""
    now = clock.now()
    return (
        rows_changed(sa.delete(FactorTry).where(FactorTry.at < now - TRIES))
        + rows_changed(sa.delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now - TRIES))
        + rows_changed(sa.delete(KnownDevice).where(KnownDevice.last_at < now - DEVICES))
        + sessions.purge()
    )
