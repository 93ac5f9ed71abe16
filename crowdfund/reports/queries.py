"""The figures of the staff desk, and whether everything adds up (see `proofs`)."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.outbox import outbox_table
from crowdfund.reports.models import SelfcheckRun
from crowdfund.reports.proofs import problems
from crowdfund.reports.queues import unfinished

__all__ = ["is_unfinished", "last_run", "problems", "work", "work_counts"]


def last_run() -> Any:  # noqa: ANN401 - a row or None
    """Return the newest self-check (at, problems) or None."""
    return db.session.execute(sa.select(SelfcheckRun).order_by(SelfcheckRun.at.desc()).limit(1)).scalar()


def work(*, state: str, search: str = "", page: int = 1, size: int = 50) -> list[Any]:
    """Return a page of background work, longest due first, and one row more if there is a next page.

    `state` is unfinished (given up or late), due, dead or done.
    """
    table = outbox_table
    columns = [c for c in table.c if c.name != "payload"]
    query = sa.select(*columns).order_by(table.c.not_before, table.c.id)
    query = query.where(unfinished() if state == "unfinished" else table.c.state == state)
    if search:
        found = [column.contains(search, autoescape=True) for column in (table.c.kind, table.c.key)]
        query = query.where(sa.or_(*found))
    return list(db.session.execute(query.offset((page - 1) * size).limit(size + 1)))


def work_counts() -> dict[str, int]:
    """Return how much background work is in each state, and how much is unfinished."""
    table = outbox_table
    query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
    late = sa.select(sa.func.count()).select_from(table).where(unfinished())
    return {row[0]: row[1] for row in db.session.execute(query)} | {
        "unfinished": db.session.scalar(late) or 0
    }


def is_unfinished(work_id: str) -> bool:
    """Return whether there is such work and it is not done."""
    table = outbox_table
    query = sa.select(table.c.id).where(table.c.id == work_id, table.c.state != "done")
    return db.session.scalar(query) is not None
