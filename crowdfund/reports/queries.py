"""The proofs of quality.md over the whole platform, and the figures of the staff desk."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from .. import audit
from ..chain import queries as chain
from ..db import db
from ..investments import queries as investments
from ..ledger import queries as ledger
from ..ledger import rules as ledger_rules
from ..ledger.models import Entry
from ..outbox import outbox_table
from ..payments import queries as payments
from ..payments.models import Payment
from . import campaign_checks
from .models import SelfcheckRun
from .queues import unfinished

ENDED = ("failed", "cancelled", "refunded")


def problems() -> list[str]:
    """Return a sentence for each broken invariant I1–I5, I7, I8, I10, I11, I14; nothing when all hold."""
    return [
        *ledger.problems(),
        *payments.problems(),
        *_payments_booked(),
        *_campaign_totals(),
        *campaign_checks.problems(),
        *chain.check_I8(),
        *_unfinished(),
        *audit.problems(),
    ]


def _campaign_totals() -> Iterator[str]:
    """I5 and I7: totals are the sums of investments, within the goal, and lie in escrow."""
    foreign = investments.foreign_minor()
    for row in investments.sums():
        escrow = ledger.balance(ledger_rules.escrow(row.id))
        if row.status in ENDED:
            if escrow != row.settled:
                yield f"I7 campaign {row.id}: {escrow} in escrow, {row.settled} not returned yet"
            continue
        yield from _wrong_totals(row, foreign)
        due = row.settled + row.arriving
        if row.release_entry_id is None and escrow != due:
            yield f"I5 campaign {row.id}: {escrow} in escrow, {due} paid in"


def _wrong_totals(row: Any, foreign: dict[tuple[str, str], int]) -> Iterator[str]:  # noqa: ANN401 - a row
    # Money that only the contract has takes room, and no investment stands for it.
    said = (row.reserved_minor - row.foreign_room_minor, row.settled_minor)
    counted = (int(row.active), int(row.settled))
    if said != counted:
        yield f"I5 campaign {row.id}: reserved and settled are {said}, investments say {counted}"
    if row.goal_minor and row.reserved_minor > row.goal_minor:
        yield f"I5 campaign {row.id} has sold more than its goal"
    seen = foreign.get((row.id, "token"), 0)
    if row.token_minor != seen:
        yield f"I5 campaign {row.id}: {row.token_minor} of token money counted, {seen} seen"
    if row.investors_count != row.investors:
        yield f"I5 campaign {row.id}: {row.investors_count} investors, counted {row.investors}"


def _payments_booked() -> Iterator[str]:
    """I4: a payment that succeeded has one entry for each step, one that did not has none."""
    for step, statuses in (("succeeded", ("succeeded", "settled", "reversed")), ("settled", ("settled",))):
        key = sa.literal("payment:") + Payment.id + f":{step}"
        booked = sa.select(Payment.id, Payment.status, Entry.id.label("entry_id"))
        booked = booked.outerjoin(Entry, Entry.key == key)
        should, has = Payment.status.in_(statuses), Entry.id.is_not(None)
        for row in db.session.execute(booked.where(should != has).limit(100)):
            yield f"I4 payment {row.id} is {row.status}; entry for {step}: {row.entry_id or 'none'}"


def _unfinished() -> Iterator[str]:
    """I10: work that is due must not lie around without being told of."""
    table = outbox_table
    query = sa.select(table.c.kind, sa.func.count()).where(unfinished())
    for kind, count in db.session.execute(query.group_by(table.c.kind)):
        yield f"I10 {count} × {kind} in the outbox is unfinished"


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
