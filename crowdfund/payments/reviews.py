"""Reads of money that was not as expected: what was received and decided, and its entries."""

from collections.abc import Collection

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_each
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.queries import EntryRow
from crowdfund.payments import rules
from crowdfund.payments.models import Payment, PaymentException
from crowdfund.payments.rows import ReviewedRow

_X, _P = PaymentException.__table__, Payment.__table__


def of_payment(*payment_ids: str) -> list[rules.Review]:
    """Return the reviews of money that was received for payments, oldest first, decided or not.

    What only a webhook or the gateway claims is no review: no money of it was booked.
    """
    return [review for _id, review in _read(_X.c.payment_id.in_(payment_ids))]


def is_questioned(payment_id: str) -> bool:
    """Return whether staff have to clear something up about a payment that holds no money."""
    query = sa.select(_X.c.id).where(
        _X.c.payment_id == payment_id, _X.c.state == "open", _X.c.held == sa.false()
    )
    return db.session.execute(query.limit(1)).first() is not None


def _read(*where: sa.ColumnElement[bool]) -> list[tuple[str, rules.Review]]:
    """Return the reviews that fit, oldest first, each with the id of its payment."""
    selected = columns(ReviewedRow, _X, expected_minor=_P.c.amount_minor)
    query = sa.select(*selected).join(_P, _P.c.id == _X.c.payment_id)
    query = query.where(*where, _X.c.held == sa.true()).order_by(_X.c.id)
    return [(row.payment_id, _review(row)) for row in read_each(ReviewedRow, query)]


def _review(row: ReviewedRow) -> rules.Review:
    to_purpose, _rest = rules.split_accepted(row.amount_minor, row.expected_minor)
    return rules.Review(
        id=row.id,
        kind=row.kind,
        amount_minor=row.amount_minor,
        currency=row.currency,
        resolution=row.resolution,
        decided_at=row.resolved_at,
        return_id=row.return_id,
        returned_at=row.returned_at,
        purpose_minor=to_purpose,
        expected_minor=row.expected_minor,
    )


def misfits_of(payment_ids: Collection[str]) -> dict[str, rules.Review]:
    """Return the reviews of payments' own money, by payment; exact payments have none."""
    if not payment_ids:
        return {}
    found = _read(_X.c.payment_id.in_(payment_ids), _X.c.kind.in_(rules.MISFITS))
    return dict(reversed(found))  # of several the first


def entries(*payment_ids: str) -> list[EntryRow]:
    """Return every entry about payments, oldest first, with postings.

    Those of the payments themselves, of decisions about their money and its returns, and of second
    payments for them, which are booked under their transaction.
    """
    query = sa.select(_X.c.id, _X.c.kind, _X.c.gateway, _X.c.tx_id).where(
        _X.c.payment_id.in_(payment_ids)
    )
    found = [
        entry for one in payment_ids for entry in ledger.entries_with_key_prefix("payment", one)
    ]
    for row in db.session.execute(query.order_by(_X.c.id)).all():
        if row.kind == rules.Kind.DUPLICATE:
            found += ledger.entries_with_key_prefix("tx", f"{row.gateway}:{row.tx_id}")
        found += of_exception(row.id)
    return sorted(found, key=lambda one: one.seq)


def of_exception(exception_id: str) -> list[EntryRow]:
    """Return the entries of decisions about an exception, each with those of its return."""
    decided = ledger.entries_with_key_prefix("exception", exception_id)
    returns = [one.ref["payout"] for one in decided if "payout" in one.ref]
    return decided + [
        entry for one in returns for entry in ledger.entries_with_key_prefix("payout", one)
    ]
