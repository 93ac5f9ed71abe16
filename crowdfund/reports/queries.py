"""The figures of the staff desk, and whether everything adds up (see `proofs`)."""

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page
from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.kernel.outbox import outbox_table
from crowdfund.reports.models import SelfcheckRun
from crowdfund.reports.proofs import problems
from crowdfund.reports.queues import unfinished_kinds
from crowdfund.reports.rows import SelfcheckRow, WorkRow

_T, _S = outbox_table, SelfcheckRun.__table__

__all__ = ["is_unfinished", "last_run", "problems", "work", "work_counts"]


def last_run() -> SelfcheckRow | None:
    """Return the newest self-check, or None."""
    query = sa.select(*columns(SelfcheckRow, _S)).order_by(_S.c.at.desc()).limit(1)
    return read_first(SelfcheckRow, query)


def work(*, state: str, search: str = "", place: Place = START, size: int = 50) -> Page[WorkRow]:
    """Return a page of background work, longest due first.

    `state` is unfinished (given up or late), due, dead or done.
    """
    kinds = unfinished_kinds() if state == "unfinished" else (_T.c.state == state,)
    query = sa.select(*columns(WorkRow, _T))
    if search:
        fits = [column.contains(search, autoescape=True) for column in (_T.c.kind, _T.c.key)]
        query = query.where(sa.or_(*fits))
    parts = [query.where(kind) for kind in kinds]
    return read_page(parts, (Key(_T.c.not_before), Key(_T.c.id)), place, size=size, row=WorkRow)


def work_counts() -> dict[str, int]:
    """Return how much background work is in each state, and unfinished, up to 1,001 each."""
    all_ids = sa.select(_T.c.id)
    states = {state: all_ids.where(_T.c.state == state) for state in ("due", "dead", "done")}
    kinds = {str(number): all_ids.where(kind) for number, kind in enumerate(unfinished_kinds())}
    found = counts_up_to(states | kinds)
    unfinished = sum(found[kind] for kind in kinds)
    return {state: found[state] for state in states} | {"unfinished": unfinished}


def is_unfinished(work_id: str) -> bool:
    """Return whether there is such work and it is not done."""
    query = sa.select(_T.c.id).where(_T.c.id == work_id, _T.c.state != "done")
    return db.session.scalar(query) is not None
