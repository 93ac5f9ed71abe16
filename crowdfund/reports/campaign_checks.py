"""I9 from the books alone: campaigns that cannot end, and payments that their contract refused."""

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import terms
from crowdfund.investments import rules as investments
from crowdfund.investments.models import Investment
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_each
from crowdfund.reports.rows import EndedRow, OverdueRow, RefusedCount, StuckRow

# a closing, cancellation or release that the contract has not confirmed
STUCK_AFTER = timedelta(hours=1)
OVERDUE_AFTER = timedelta(days=1)  # past the last moment at which money counts
_C, _I = (model.__table__ for model in (Campaign, Investment))


def problems() -> list[str]:
    """Return a sentence for each campaign that needs attention; it needs no node."""
    return [*_disagreements(), *_refused(), *_wrong_counts(), *_stuck(), *_overdue()]


def _disagreements() -> Iterator[str]:
    """The contract ended in another way than the books."""
    query = sa.select(*columns(EndedRow, _C)).where(_C.c.contract_result.is_not(None))
    for row in read_each(EndedRow, query.order_by(_C.c.id)):
        sides = f"is {row.status}, its contract {row.contract_result}"
        yield f"I9 campaign {row.id} {sides}: follow the contract"


def _refused() -> Iterator[str]:
    """The contract refused settled money: it is neither recorded nor returned."""
    sums = (sa.func.count(), sa.func.sum(_I.c.amount_minor))
    query = sa.select(_I.c.campaign_id, *sums).where(_REFUSED).group_by(_I.c.campaign_id)
    for campaign_id, count, amount in db.session.execute(query.order_by(_I.c.campaign_id)):
        yield f"I9 campaign {campaign_id}: the contract refused {count} payments of {amount} in all"


_REFUSED = sa.and_(_I.c.chain_problem.is_not(None), _I.c.status.in_(investments.IN))


def _wrong_counts() -> Iterator[str]:
    refused = sa.select(sa.func.count()).where(_REFUSED, _I.c.campaign_id == _C.c.id)
    counted = refused.correlate(_C).scalar_subquery()
    query = sa.select(*columns(RefusedCount, _C, counted=counted))
    query = query.where(_C.c.refused_count != counted).order_by(_C.c.id)
    for row in read_each(RefusedCount, query):
        yield f"I5 campaign {row.id}: {row.refused_count} refused payments, counted {row.counted}"


def _stuck() -> Iterator[str]:
    is_late = _C.c.ending_at < clock.now() - STUCK_AFTER
    query = sa.select(*columns(StuckRow, _C)).where(_C.c.ending.is_not(None), is_late)
    for row in read_each(StuckRow, query.order_by(_C.c.id)):
        since = f"{row.ending_at:%Y-%m-%d %H:%M}"
        yield f"I9 campaign {row.id}: {row.ending} is not done since {since}{_why(row)}"


def _overdue() -> Iterator[str]:
    late = clock.now() - OVERDUE_AFTER
    is_live = sa.and_(_C.c.status == "live", _C.c.ending.is_(None), _C.c.ends_at < late)
    query = sa.select(*columns(OverdueRow, _C)).where(is_live).order_by(_C.c.id)
    for row in read_each(OverdueRow, query):
        last = terms.last_settlement(row.ends_at, row.grace_days)
        if last < late:
            yield f"I9 campaign {row.id} should have been closed on {last:%Y-%m-%d}{_why(row)}"


def _why(row: StuckRow | OverdueRow) -> str:
    return f": {row.chain_error}" if row.chain_error else ""
