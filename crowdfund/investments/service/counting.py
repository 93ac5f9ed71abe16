"""Count what a campaign receives and returns on each day, with the investment that moves."""

import sqlalchemy as sa

from crowdfund.investments.models import Investment, InvestmentDay
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db, insert_ignore

_D = InvestmentDay.__table__


def came(investment: Investment) -> None:
    """Count an investment on the day on which its money was settled."""
    _count(investment, came=1, came_minor=investment.amount_minor)


def went(investment: Investment) -> None:
    """Count the return of settled money on the day on which it went back."""
    _count(investment, went=1, went_minor=investment.amount_minor)


def _count(investment: Investment, **more: int) -> None:
    today = clock.today(config.settings().time_zone)
    row = {"campaign_id": investment.campaign_id, "day": today}
    insert_ignore(_D, [row | dict.fromkeys(("came", "came_minor", "went", "went_minor"), 0)])
    this = sa.and_(_D.c.campaign_id == row["campaign_id"], _D.c.day == today)
    change = {name: _D.c[name] + number for name, number in more.items()}
    db.session.execute(sa.update(_D).where(this).values(change))
