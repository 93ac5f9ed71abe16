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
_OLD = (
    sa.select(_T.c.id)
    .where(_T.c.kind == sa.bindparam("kind"), _T.c.done_at < sa.bindparam("before"))
    .where(_T.c.state == "done")
    .limit(sa.bindparam("most"))
)


def purge(*, budget_s: float = BUDGET_S, at_once: int = AT_ONCE) -> tuple[int, bool]:
    """Remove finished rows: periodic ones after an hour, others after 30 days.

    A key is unique for those 30 days; its subject has its own protection against duplicates.
    Returns how many were removed, and whether the time of `budget_s` seconds ended it.
    """
    until, removed = time.monotonic() + budget_s, 0
    for kind in _with_old_rows():
        while gone := _remove(kind, at_once):
            removed += gone
            if time.monotonic() >= until:
                return removed, True
    return removed, False


def _with_old_rows() -> list[str]:
    """Return the kinds of which something can go; looking takes no lock."""
    db.session.remove()
    with read_connection() as connection:
        return [kind for kind in HANDLERS if connection.scalar(_OLD, _old(kind, 1))]


def _old(kind: str, most: int) -> dict[str, object]:
    age = AGE_OF_TICKS if kind in TICKS else AGE
    return {"kind": kind, "before": clock.now() - age, "most": most}


def _remove(kind: str, at_once: int) -> int:
    """Remove one batch of a kind, found by its index, in a transaction of its own."""
    db.session.remove()
    with own_transaction() as connection:
        ids = connection.scalars(_OLD, _old(kind, at_once)).all()
        if ids:
            connection.execute(sa.delete(_T).where(_T.c.id.in_(ids)))
    return len(ids)


def _purge(_rows: list[Row]) -> bool:
    return purge()[1]


@handler("outbox.purge", batch=10, prepare=_purge)
def go_on(_rows: list[Row], is_more: bool) -> None:
    """Come back soon while more rows are left than one turn could remove."""
    if is_more:
        add("outbox.purge", f"outbox.purge:more:{new_id()}", not_before=clock.now() + PAUSE)


TICKS["outbox.purge"] = (60.0, "default")  # not by `every`, which takes no `batch`
