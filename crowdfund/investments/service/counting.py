"""Count what a campaign receives and returns on each day, with the investment that moves."""

from collections.abc import Sequence

import sqlalchemy as sa

from crowdfund.investments.models import Investment, InvestmentDay
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db, insert_ignore

_D = InvestmentDay.__table__


def came(investment: Investment) -> None:
    """Count an investment on the day on which its money was settled."""
    _count(investment.campaign_id, came=1, came_minor=investment.amount_minor)


def went(investments: Sequence[Investment]) -> None:
    """Count the return of settled money of one campaign on the day on which it went back."""
    if investments:
        total = sum(one.amount_minor for one in investments)
        _count(investments[0].campaign_id, went=len(investments), went_minor=total)


def _count(campaign_id: str, **more: int) -> None:
    today = clock.today(config.settings().time_zone)
    row = {"campaign_id": campaign_id, "day": today}
    insert_ignore(_D, [row | dict.fromkeys(("came", "came_minor", "went", "went_minor"), 0)])
    this = sa.and_(_D.c.campaign_id == row["campaign_id"], _D.c.day == today)
    change = {name: _D.c[name] + number for name, number in more.items()}
    db.session.execute(sa.update(_D).where(this).values(change))
