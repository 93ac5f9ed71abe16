"""I7 for what goes back: no more than was to go back, nor than a transaction brought."""

from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from crowdfund.kernel.db.rows import columns, read_each
from crowdfund.payments.models import Payment, PaymentException
from crowdfund.payouts import rules
from crowdfund.payouts.models import Payout
from crowdfund.refunds.models import Refund
from crowdfund.reports.rows import ReturnedRow

_O, _R = Payout.__table__, Refund.__table__
_P, _X = Payment.__table__, PaymentException.__table__


def returns(ids: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """Yield (id, sentence) for each return that is more than was to go back, or than what came.

    That is a refund, or money of a payment exception. With ids, of these payouts only.
    """
    own = _X.alias()
    query = sa.select(
        *columns(
            ReturnedRow,
            _O,
            refunded_minor=sa.func.coalesce(_R.c.amount_minor, own.c.amount_minor),
            of_refund=_gone(_is_of_same_source),
            of_transaction=_gone(
                lambda other: sa.and_(
                    other.c.gateway == _O.c.gateway, other.c.source_tx == _O.c.source_tx
                )
            ),
            brought_minor=sa.func.coalesce(
                _most(_P, _P.c.received_minor), _most(_X, _X.c.amount_minor), 0
            ),
        )
    ).select_from(
        _O.outerjoin(_R, _R.c.id == _O.c.refund_id).outerjoin(own, own.c.id == _O.c.exception_id)
    )
    query = query.where(_O.c.kind == rules.Kind.RETURN, _O.c.status.not_in(rules.RETURNED))
    if ids is not None:
        query = query.where(_O.c.id.in_(ids))
    for row in read_each(ReturnedRow, query.order_by(_O.c.id)):
        if row.of_refund > (row.refunded_minor or 0):
            what = f"{row.of_refund} of a refund of {row.refunded_minor or 0} went back"
            yield row.id, f"I7 return {row.id}: {what}"
        if row.of_transaction > row.brought_minor:
            what = f"{row.of_transaction} of transaction {row.source_tx} went back"
            yield row.id, f"I7 return {row.id}: {what}, it brought {row.brought_minor}"


def _is_of_same_source(other: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.or_(other.c.refund_id == _O.c.refund_id, other.c.exception_id == _O.c.exception_id)


def _gone(is_its: Callable[[sa.FromClause], sa.ColumnElement[bool]]) -> sa.ColumnElement[int]:
    """Return the sum of the returns that belong together, without those that ended otherwise."""
    other = _O.alias()
    total = sa.select(sa.cast(sa.func.sum(other.c.amount_minor), sa.BigInteger))
    total = total.where(is_its(other), other.c.status.not_in(rules.RETURNED))
    return total.correlate(_O).scalar_subquery()


def _most(table: sa.FromClause, column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    query = sa.select(sa.func.max(column)).where(
        table.c.gateway == _O.c.gateway, table.c.tx_id == _O.c.source_tx
    )
    return query.correlate(_O).scalar_subquery()
