"""Whose money an entry moved: they may see where it came from, and nobody else but staff."""

import sqlalchemy as sa

from crowdfund.investments.models import Investment
from crowdfund.issuers import queries as issuers
from crowdfund.kernel.db import db
from crowdfund.ledger import rules as ledger
from crowdfund.ledger.queries import EntryRow
from crowdfund.payments.models import Payment, PaymentException
from crowdfund.payouts.models import Payout
from crowdfund.refunds.models import Refund
from crowdfund.tracing.rows import Reader

_TABLES = {
    "payment": Payment.__table__,
    "exception": PaymentException.__table__,
    "investment": Investment.__table__,
    "payout": Payout.__table__,
    "refund": Refund.__table__,
}


def is_of(entry: EntryRow, reader: Reader) -> bool:
    """Return whether an entry moved money of the reader, or of a company that they act for."""
    if not reader.id:
        return False
    accounts = {one for each in entry.postings for one in (each.source, each.destination)}
    if ledger.user_wallet(reader.id) in accounts:
        return True
    companies = {owner for kind, owner in map(ledger.account_owner, accounts) if kind == "company"}
    if any(issuers.is_member(company_id, reader.id) for company_id in companies):
        return True
    return any(_is_theirs(kind, thing_id, reader) for kind, thing_id in entry.pairs if thing_id)


def _is_theirs(kind: str, thing_id: str, reader: Reader) -> bool:
    table = _TABLES.get(kind)
    if table is None:
        return False
    query = sa.select(table.c.id).where(table.c.id == thing_id, table.c.user_id == reader.id)
    return db.session.scalar(query) is not None
