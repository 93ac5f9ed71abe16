"""Put back in time what was written while the clock was ahead.

A clock that jumps a day forward and back leaves moments in the future: ticks, leases and retries
that would be overdue for a day.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from crowdfund.kernel import clock
from crowdfund.kernel.clock import CLOCKS_DIFFER
from crowdfund.kernel.db import db, rows_changed
from crowdfund.kernel.outbox.models import outbox_table

log = structlog.get_logger()
LONGEST_LEASE = timedelta(minutes=15)
LONGEST_BACKOFF = timedelta(minutes=5)  # what draining.py waits after a failure, at most
_T = outbox_table
_AT_ONCE = 500


def mend(now: datetime) -> int:
    """Make due again what a clock that was ahead has put off; return how many rows were changed.

    Runs in the current transaction. A handler that asked for a longer wait than a failure has is
    tried early as well, once: it looks at the facts again and says "not yet".
    """
    due = _T.c.state == "due"
    held = sa.and_(due, _T.c.leased_until > clock.real() + LONGEST_LEASE)
    changed = rows_changed(sa.update(_T).where(held).values(leased_until=None))
    put_off = sa.and_(due, _T.c.attempts > 0, _T.c.not_before > now + LONGEST_BACKOFF)
    changed += rows_changed(sa.update(_T).where(put_off).values(not_before=now))
    changed += _move_new_rows(now)
    if changed:
        log.warning("outbox.clock_was_ahead", rows=changed)
    return changed


def _move_new_rows(now: datetime) -> int:
    """Give rows that were added while the clock was ahead the same wait, counted from now."""
    ahead = sa.and_(_T.c.state == "due", _T.c.created_at > now + CLOCKS_DIFFER)
    rows = db.session.execute(
        sa.select(_T.c.id, _T.c.created_at, _T.c.not_before).where(ahead).limit(_AT_ONCE)
    ).all()
    for row in rows:
        wait = max(row.not_before - row.created_at, timedelta())
        moved = sa.update(_T).where(_T.c.id == row.id, _T.c.state == "due")
        db.session.execute(moved.values(created_at=now, not_before=now + wait))
    return len(rows)
