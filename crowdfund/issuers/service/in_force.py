"""What counts for a company from now on: its list of officers, its bank account."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from crowdfund.issuers import queries
from crowdfund.issuers.models import CompanyBankAccount, CompanyOfficer
from crowdfund.kernel import clock
from crowdfund.kernel.db import db


def put_officers(company_id: str, listed: Sequence[Mapping[str, Any]]) -> None:
    """Make the list the one that counts; who is not on it any more is stored as a past officer."""
    now, table = clock.now(), CompanyOfficer.__table__
    known = {row["id"] for row in queries.officers(company_id)}
    gone = known - {officer["id"] for officer in listed}
    if gone:
        db.session.execute(sa.update(table).where(table.c.id.in_(gone)).values(removed_at=now))
    for officer in listed:
        facts = {**officer, "born_on": date.fromisoformat(officer["born_on"])}
        if officer["id"] in known:
            db.session.execute(sa.update(table).where(table.c.id == officer["id"]).values(facts))
        else:
            db.session.execute(
                sa.insert(table).values(company_id=company_id, added_at=now, **facts)
            )


def put_account(company_id: str, account_id: str) -> None:
    """Make a bank account the one that counts; the one before has ended."""
    now, table = clock.now(), CompanyBankAccount.__table__
    current = sa.update(table).where(
        table.c.company_id == company_id,
        table.c.in_force_at.is_not(None),
        table.c.ended_at.is_(None),
    )
    db.session.execute(current.values(ended_at=now))
    db.session.execute(sa.update(table).where(table.c.id == account_id).values(in_force_at=now))
