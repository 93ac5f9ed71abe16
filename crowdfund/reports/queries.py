"""The figures of the staff desk, and whether everything adds up (see `proofs`)."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.outbox import outbox_table
from crowdfund.reports.models import SelfcheckRun
from crowdfund.reports.proofs import problems
from crowdfund.reports.queues import unfinished_kinds

_T = outbox_table

__all__ = ["is_unfinished", "last_run", "problems", "work", "work_counts"]


def last_run() -> Any:  # noqa: ANN401 - a row or None
    """Return the newest self-check (at, problems) or None."""
    return db.session.execute(
        sa.select(SelfcheckRun).order_by(SelfcheckRun.at.desc()).limit(1)
    ).scalar()


def work(*, state: str, search: str = "", place: Place = START, size: int = 50) -> Page[Any]:
    """Return a page of background work, longest due first.

    `state` is unfinished (given up or late), due, dead or done.
    """
    kinds = unfinished_kinds() if state == "unfinished" else (_T.c.state == state,)
    query = sa.select(*(c for c in _T.c if c.name != "payload"))
    if search:
        fits = [column.contains(search, autoescape=True) for column in (_T.c.kind, _T.c.key)]
        query = query.where(sa.or_(*fits))
    parts = [query.where(kind) for kind in kinds]
    return read_page(parts, (Key(_T.c.not_before), Key(_T.c.id)), place, size=size)


def work_counts() -> dict[str, int]:
    """Return how much background work is in each state, and unfinished, up to 1,001 (see `paging`)."""
    states = {
        state: sa.select(_T.c.id).where(_T.c.state == state) for state in ("due", "dead", "done")
    }
    kinds = {
        str(number): sa.select(_T.c.id).where(kind)
        for number, kind in enumerate(unfinished_kinds())
    }
    found = counts_up_to(states | kinds)
    return {state: found[state] for state in states} | {
        "unfinished": sum(found[kind] for kind in kinds)
    }


def is_unfinished(work_id: str) -> bool:
    """Return whether there is such work and it is not done."""
    query = sa.select(_T.c.id).where(_T.c.id == work_id, _T.c.state != "done")
    return db.session.scalar(query) is not None
