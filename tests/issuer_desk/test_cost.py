"""What the desk costs does not depend on how many people have invested."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.investments.models import Investment, InvestmentDay, InvestorKey
from crowdfund.issuer_desk import queries
from crowdfund.kernel.clock import now
from crowdfund.kernel.db import commit, db, rollback

DAYS = 25


@pytest.fixture
def steps(app, database_kind):
    """Count the instructions of SQLite's machine in a block."""
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL does not count its work")

    @contextmanager
    def counting():
        counted = [0]

        def count():
            counted[0] += 1
            return 0

        lent = db.engine.raw_connection()
        lent.dbapi_connection.set_progress_handler(count, 1)
        lent.close()  # the pool lends the connection used last
        yield counted
        lent = db.engine.raw_connection()
        lent.dbapi_connection.set_progress_handler(None, 1)
        lent.close()

    return counting


def invest(world, first, last):
    """Insert settled investments of as many people, a day after the other and around again."""
    campaign_id = world.campaign_id
    start = now()
    lines, keys = [], []
    for number in range(first, last):
        person_id = f"{number:032d}"
        lines.append(
            {
                "id": person_id,
                "campaign_id": campaign_id,
                "user_id": world.people["charlie"],
                "form_key": person_id,
                "amount_minor": 100,
                "shares": 1,
                "currency": "ETB",
                "rail": "bill_bitts",
                "status": "confirmed",
                "created_at": start,
                "settled_at": start + timedelta(days=number % DAYS, seconds=number),
            }
        )
    if first == 0:
        key = {"campaign_id": campaign_id, "user_id": world.people["charlie"], "key": "0x1"}
        keys.append(key | {"number": 1})
        days = [
            {"campaign_id": campaign_id, "day": (start + timedelta(day)).date(), "came": 1}
            | {"came_minor": 100, "went": 0, "went_minor": 0}
            for day in range(DAYS)
        ]
        db.session.execute(sa.insert(InvestmentDay), days)
        db.session.execute(sa.insert(InvestorKey), keys)
    db.session.execute(sa.insert(Investment), lines)
    commit()
    db.session.execute(sa.text("ANALYZE"))
    commit()


def cost(steps, read):
    rollback()
    with steps() as counted:
        found = read()
    rollback()
    return counted[0], found


def test_days_and_list_cost_the_same_however_many_have_invested(world, steps):
    campaign = campaigns.by_id(world.campaign_id)
    reads = (
        lambda: queries.raised(campaign).days,
        lambda: queries.investors_of(campaign, size=20).rows,
    )
    before, after = [], []
    for costs, (first, last) in ((before, (0, 100)), (after, (100, 5_000))):
        invest(world, first, last)
        for read in reads:
            count, found = cost(steps, read)
            assert len(found) >= 20
            costs.append(count)
    assert min(before) > 50
    assert all(b < 1.5 * a for a, b in zip(before, after, strict=True)), (before, after)
