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

# a closing, cancellation or release that the contract has not confirmed
STUCK_AFTER = timedelta(hours=1)
OVERDUE_AFTER = timedelta(days=1)  # past the last moment at which money counts
_C, _I = (model.__table__ for model in (Campaign, Investment))


def problems() -> list[str]:
    """Return a sentence for each campaign that a person has to look at; it needs no node."""
    return [*_disagreements(), *_refused(), *_wrong_counts(), *_stuck(), *_overdue()]


def _disagreements() -> Iterator[str]:
    """The contract ended in another way than the books."""
    query = sa.select(_C.c.id, _C.c.status, _C.c.contract_result)
    for row in db.session.execute(query.where(_C.c.contract_result.is_not(None)).order_by(_C.c.id)):
        yield f"I9 campaign {row.id} is {row.status}, its contract {row.contract_result}: follow the contract"


def _refused() -> Iterator[str]:
    """The contract refused settled money: it is neither recorded nor returned."""
    query = sa.select(_I.c.campaign_id, sa.func.count(), sa.func.sum(_I.c.amount_minor)).where(
        _REFUSED
    )
    query = query.group_by(_I.c.campaign_id).order_by(_I.c.campaign_id)
    for campaign_id, count, amount in db.session.execute(query):
        yield f"I9 campaign {campaign_id}: the contract refused {count} payments of {amount} in all"


_REFUSED = sa.and_(_I.c.chain_problem.is_not(None), _I.c.status.in_(investments.IN))


def _wrong_counts() -> Iterator[str]:
    counted = (
        sa.select(sa.func.count())
        .where(_REFUSED, _I.c.campaign_id == _C.c.id)
        .correlate(_C)
        .scalar_subquery()
    )
    query = sa.select(_C.c.id, _C.c.refused_count, counted.label("counted"))
    for row in db.session.execute(query.where(_C.c.refused_count != counted).order_by(_C.c.id)):
        yield f"I5 campaign {row.id}: {row.refused_count} refused payments, counted {row.counted}"


def _stuck() -> Iterator[str]:
    late = clock.now() - STUCK_AFTER
    query = sa.select(_C.c.id, _C.c.ending, _C.c.ending_at, _C.c.chain_error)
    where = sa.and_(_C.c.ending.is_not(None), _C.c.ending_at < late)
    for row in db.session.execute(query.where(where).order_by(_C.c.id)):
        why = f": {row.chain_error}" if row.chain_error else ""
        yield f"I9 campaign {row.id}: {row.ending} is not done since {row.ending_at:%Y-%m-%d %H:%M}{why}"


def _overdue() -> Iterator[str]:
    now = clock.now()
    query = sa.select(_C.c.id, _C.c.ends_at, _C.c.grace_days, _C.c.chain_error)
    where = sa.and_(
        _C.c.status == "live", _C.c.ending.is_(None), _C.c.ends_at < now - OVERDUE_AFTER
    )
    for row in db.session.execute(query.where(where).order_by(_C.c.id)):
        last = terms.last_settlement(row.ends_at, row.grace_days)
        if last < now - OVERDUE_AFTER:
            why = f": {row.chain_error}" if row.chain_error else ""
            yield f"I9 campaign {row.id} should have been closed on {last:%Y-%m-%d}{why}"
