"""Clear finished rows as fast as they come, in short transactions that hold up nobody."""

import time
from datetime import timedelta

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import db, new_id, own_transaction, read_connection
from crowdfund.kernel.outbox.adding import add
from crowdfund.kernel.outbox.models import outbox_table
from crowdfund.kernel.outbox.registry import HANDLERS, TICKS, Row, handler

AT_ONCE = 1_000
BUDGET_S = 5.0
PAUSE = timedelta(seconds=2)
AGE, AGE_OF_TICKS = timedelta(days=30), timedelta(hours=1)
_T = outbox_table
# Only what is done has `done_at`. Asked for the state as well, SQLite takes an index of the state
# and reads everything that was ever done.
OLD = (
    sa.select(_T.c.id)
    .where(_T.c.kind.in_(sa.bindparam("kinds", expanding=True)))
    .where(_T.c.done_at < sa.bindparam("before"))
    .limit(sa.bindparam("most"))
)


def purge(*, budget_s: float = BUDGET_S, at_once: int = AT_ONCE) -> tuple[int, bool]:
    """Remove finished rows: periodic ones after an hour, others after 30 days.

    A key is unique for those 30 days; its subject has its own protection against duplicates.
    Returns how many were removed, and whether the time of `budget_s` seconds ended it.
    """
    until, removed = time.monotonic() + budget_s, 0
    for kinds, age in _ages():
        while gone := _remove(kinds, age, at_once):
            removed += gone
            if time.monotonic() >= until:
                return removed, True
    return removed, False


def _ages() -> tuple[tuple[list[str], timedelta], ...]:
    ticks = [kind for kind in HANDLERS if kind in TICKS]
    others = [kind for kind in HANDLERS if kind not in TICKS]
    return (ticks, AGE_OF_TICKS), (others, AGE)


def _remove(kinds: list[str], age: timedelta, at_once: int) -> int:
    """Remove one batch of these kinds, found by their index, in a transaction of its own.

    Mostly there is nothing, and looking takes no lock.
    """
    old = {"kinds": kinds, "before": clock.now() - age, "most": at_once}
    db.session.remove()
    with read_connection() as connection:
        ids = connection.scalars(OLD, old).all()
    if not ids:
        return 0
    with own_transaction() as connection:
        gone = connection.execute(sa.delete(_T).where(_T.c.id.in_(ids), _T.c.state == "done"))
    return gone.rowcount


def _purge(_rows: list[Row]) -> bool:
    return purge()[1]


@handler("outbox.purge", batch=10, prepare=_purge)
def go_on(_rows: list[Row], is_more: bool) -> None:
    """Come back soon while more rows are left than one turn could remove."""
    if is_more:
        add("outbox.purge", f"outbox.purge:more:{new_id()}", not_before=clock.now() + PAUSE)


TICKS["outbox.purge"] = (60.0, "default")  # not by `every`, which takes no `batch`
