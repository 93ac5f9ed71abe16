"""Reads about payout accounts; the number itself stays sealed."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.payout_accounts.models import PayoutAccount

_P = PayoutAccount.__table__
_CURRENT = ("pending", "verified", "rejected")
_SHOWN = (
    _P.c.id, _P.c.person_id, _P.c.scheme, _P.c.country, _P.c.bank_code, _P.c.bank_name, _P.c.holder,
    _P.c.masked, _P.c.status, _P.c.reason, _P.c.added_at, _P.c.decided_by, _P.c.decided_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout account as pages show it."""

    id: str
    person_id: str
    scheme: str
    country: str
    bank_code: str
    bank_name: str
    holder: str
    masked: str
    status: str
    reason: str
    added_at: datetime
    decided_by: str | None
    decided_at: datetime | None


# Who has a payout account that compliance has to look at, and since when; other features join it.
PAYOUTS_WAITING = (
    sa.select(_P.c.person_id, sa.func.min(_P.c.added_at).label("since"))
    .where(_P.c.status == "pending")
    .group_by(_P.c.person_id)
    .subquery("waiting_payouts")
)


def payout_account_of(person_id: str) -> PayoutRow | None:
    """Return a person's present payout account, masked: pending, verified or rejected."""
    query = sa.select(*_SHOWN).where(_P.c.person_id == person_id, _P.c.status.in_(_CURRENT))
    row = db.session.execute(query.order_by(_P.c.id.desc()).limit(1)).first()
    return PayoutRow(**row._mapping) if row else None


def payout_accounts_of(person_id: str) -> list[PayoutRow]:
    """Return every payout account that a person had, newest first, masked (for reviewers)."""
    query = sa.select(*_SHOWN).where(_P.c.person_id == person_id).order_by(_P.c.id.desc())
    return [PayoutRow(**row._mapping) for row in db.session.execute(query)]
