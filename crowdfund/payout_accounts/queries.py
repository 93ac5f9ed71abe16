"""Reads about payout accounts; the number itself stays sealed."""

import sqlalchemy as sa

from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.payout_accounts.models import PayoutAccount
from crowdfund.payout_accounts.rows import PayoutRow

_P = PayoutAccount.__table__
_CURRENT = ("pending", "verified", "rejected")
_ACCOUNTS = sa.select(*columns(PayoutRow, _P))

# People with a payout account to be reviewed, and since when; other features join it.
PAYOUTS_WAITING = (
    sa.select(_P.c.person_id, sa.func.min(_P.c.added_at).label("since"))
    .where(_P.c.status == "pending")
    .group_by(_P.c.person_id)
    .subquery("waiting_payouts")
)


def payout_account_of(person_id: str) -> PayoutRow | None:
    """Return a person's present payout account: pending, verified or rejected."""
    query = _ACCOUNTS.where(_P.c.person_id == person_id, _P.c.status.in_(_CURRENT))
    return read_first(PayoutRow, query.order_by(_P.c.id.desc()).limit(1))


def get(account_id: str) -> PayoutRow | None:
    """Return a payout account that is or was a person's, or None."""
    return read_first(PayoutRow, _ACCOUNTS.where(_P.c.id == account_id))


def payout_accounts_of(person_id: str) -> list[PayoutRow]:
    """Return every payout account that a person had, newest first (for reviewers)."""
    query = _ACCOUNTS.where(_P.c.person_id == person_id)
    return read_all(PayoutRow, query.order_by(_P.c.id.desc()))
