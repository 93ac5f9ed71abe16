"""The proofs of quality.md over the whole platform, and the figures of the staff desk."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from .. import audit, clock
from ..accounts import queries as accounts
from ..campaigns import queries as campaigns
from ..chain import queries as chain
from ..db import db
from ..investments import queries as investments
from ..issuers import queries as issuers
from ..ledger import queries as ledger
from ..ledger import rules as ledger_rules
from ..ledger.models import Entry
from ..outbox import outbox_table
from ..payments import queries as payments
from ..payments.models import Payment
from .models import SelfcheckRun

UNFINISHED_LIMIT = timedelta(minutes=15)
ENDED = ("failed", "cancelled", "refunded")


def problems() -> list[str]:
    """Return a sentence for each broken invariant I1–I5, I7, I8, I10, I11, I14; nothing when all hold."""
    return [
        *ledger.problems(),
        *payments.problems(),
        *_payments_booked(),
        *_campaign_totals(),
        *chain.check_I8(),
        *_unfinished(),
        *audit.problems(),
    ]


def _campaign_totals() -> Iterator[str]:
    """I5 and I7: totals are the sums of investments, within the goal, and lie in escrow."""
    for row in investments.sums():
        escrow = ledger.balance(ledger_rules.escrow(row.id))
        if row.status in ENDED:
            if escrow != row.settled:
                yield f"I7 campaign {row.id}: {escrow} in escrow, {row.settled} not returned yet"
            continue
        yield from _wrong_totals(row)
        due = row.settled + row.arriving
        if row.release_entry_id is None and escrow != due:
            yield f"I5 campaign {row.id}: {escrow} in escrow, {due} paid in"


def _wrong_totals(row: Any) -> Iterator[str]:  # noqa: ANN401 - a row of investments.sums()
    said, counted = (row.reserved_minor, row.settled_minor), (int(row.active), int(row.settled))
    if said != counted:
        yield f"I5 campaign {row.id}: reserved and settled are {said}, investments say {counted}"
    if row.goal_minor and row.reserved_minor > row.goal_minor:
        yield f"I5 campaign {row.id} has sold more than its goal"
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
    late = clock.now() - UNFINISHED_LIMIT
    old = sa.and_(table.c.state == "due", table.c.not_before < late)
    query = sa.select(table.c.kind, sa.func.count()).where(sa.or_(table.c.state == "dead", old))
    for kind, count in db.session.execute(query.group_by(table.c.kind)):
        yield f"I10 {count} × {kind} in the outbox is unfinished"


def last_run() -> Any:  # noqa: ANN401 - a row or None
    """Return the newest self-check (at, problems) or None."""
    return db.session.execute(sa.select(SelfcheckRun).order_by(SelfcheckRun.at.desc()).limit(1)).scalar()


def desk() -> dict[str, Any]:
    """Return the counts that the staff desk shows."""
    return {
        "people": accounts.kyc_counts(),
        "companies": issuers.counts(),
        "campaigns": campaigns.counts(),
        "payments": payments.counts(),
        "chain": chain.counts(),
        "selfcheck": last_run(),
    }
