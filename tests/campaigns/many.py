"""Campaigns inserted in bulk, and what the public list must show of them, in plain Python."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.issuers.models import Company
from crowdfund.kernel.db import commit, db, new_id

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
GOAL = 1_000_00
STATES = {
    "live": "live", "succeeded": "funded", "released": "funded",
    "failed": "ended", "refunded": "ended", "cancelled": "ended",
}  # fmt: skip


@dataclass
class Made:
    """A campaign as the test knows it."""

    status: str = "live"
    sector: str | None = "energy"
    starts: int | None = 0  # minutes after START; None: it was never live
    ends: int = 0
    settled: int = 0
    text: str = ""
    id: str = field(default_factory=new_id)

    @property
    def state(self):
        return STATES.get(self.status) if self.starts is not None else None

    @property
    def bps(self):
        return self.settled * 10_000 // GOAL

    def row(self, company_id):
        return {
            "id": self.id,
            "slug": self.id,
            "company_id": company_id,
            "author_id": "a",
            "status": self.status,
            "title": "T",
            "sector": self.sector,
            "search_text": self.text,
            "goal_minor": GOAL,
            "threshold_bps": 7_500,
            "fee_bps": 250,
            "grace_days": 5,
            "settled_minor": self.settled,
            "reserved_minor": self.settled,
            "created_at": START,
            "updated_at": START,
            "starts_at": None if self.starts is None else START + timedelta(minutes=self.starts),
            "ends_at": START + timedelta(days=9, minutes=self.ends),
        }


def company():
    """Return the id of a company to which campaigns may belong."""
    company_id = new_id()
    db.session.execute(
        sa.insert(Company.__table__).values(
            id=company_id,
            owner_id="a",
            status="verified",
            trade_name="Yirga",
            salt="ab" * 32,
            created_at=START,
            updated_at=START,
        )
    )
    return company_id


def insert(made):
    """Insert campaigns, each public one in the order in which it is given."""
    company_id = company()
    for one in made:
        db.session.execute(sa.insert(Campaign.__table__).values(one.row(company_id)))
    commit()


def update(one, **values):
    """Change columns of a campaign as somebody would by hand, without any of our verbs."""
    table = Campaign.__table__
    db.session.execute(sa.update(table).where(table.c.id == one.id).values(values))
    commit()


def expected(made, *, text="", state="", sector="", sort="newest"):
    """Return the ids that the list must show, in order; `made` is in the order of publication."""
    found = [
        (place, one)
        for place, one in enumerate(made)
        if one.state
        and state in ("", one.state)
        and sector in ("", one.sector)
        and text in one.text
    ]
    by = {
        "newest": lambda at: (-at[1].starts, -at[0]),
        "ending": lambda at: (at[1].status != "live", at[1].ends, at[0]),
        "funded": lambda at: (-at[1].bps, -at[0]),
    }
    return [one.id for _, one in sorted(found, key=by[sort])]
