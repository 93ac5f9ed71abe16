"""Ask the gateway at once and again when a payer comes back from it, until the payment has ended.

The questions are ordinary `payments.check` rows: asked in batches within the gateway's budget, and
outside of every transaction. Each one queues the next, so a payment has one series at a time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, rows_changed
from crowdfund.payments import rules
from crowdfund.payments.models import Payment

_P = Payment.__table__
_SERIES = timedelta(seconds=10)  # who reloads the page starts no second series


def came_back(payment_id: str) -> None:
    """Note that the payer of an unpaid payment came back, and queue the first question."""
    now = clock.now()
    is_new = sa.or_(_P.c.came_back_at.is_(None), _P.c.came_back_at < now - _SERIES)
    is_unpaid = sa.and_(_P.c.id == payment_id, _P.c.status.in_(rules.UNPAID))
    if rows_changed(sa.update(_P).where(is_unpaid, is_new).values(came_back_at=now)):
        gateway = db.session.scalar(sa.select(_P.c.gateway).where(_P.c.id == payment_id))
        _queue(payment_id, str(gateway), now, 0, at=None)


def ask_again(asked: Iterable[Mapping[str, Any]]) -> None:
    """Queue the next question of each series whose payment is still unpaid."""
    steps = {one["payment_id"]: one for one in asked if "came_back" in one}
    if not steps:
        return
    query = sa.select(_P.c.id, _P.c.gateway, _P.c.came_back_at).where(
        _P.c.id.in_(list(steps)), _P.c.status.in_(rules.UNPAID), _P.c.came_back_at.is_not(None)
    )
    now = clock.now()
    for row in db.session.execute(query.order_by(_P.c.id)).all():
        step, waited = steps[row.id], now - row.came_back_at
        is_current = step["came_back"] == row.came_back_at.isoformat()
        if is_current and waited < rules.WATCHED + rules.PATIENCE:
            later = now + timedelta(seconds=rules.watch_delay_s(waited))
            _queue(row.id, row.gateway, row.came_back_at, step["step"] + 1, at=later)


def _queue(
    payment_id: str, gateway: str, came_back_at: datetime, step: int, *, at: datetime | None
) -> None:
    since = came_back_at.isoformat()
    outbox.add(
        "payments.check",
        f"check:{payment_id}:back:{came_back_at.timestamp():.6f}:{step}",
        {"payment_id": payment_id, "came_back": since, "step": step},
        not_before=at,
        lane=gateway,
    )
