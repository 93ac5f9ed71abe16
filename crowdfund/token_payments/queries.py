"""Reads of token payments: rates and orders."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.payments.models import Payment
from crowdfund.token_payments.models import FxRate, TokenOrder
from crowdfund.token_payments.rows import OrderRow, RateRow

_R, _O, _P = FxRate.__table__, TokenOrder.__table__, Payment.__table__
_NEWEST_DATE = (Key(_R.c.valid_from, is_descending=True), Key(_R.c.id, is_descending=True))
_ORDERS = sa.select(*columns(OrderRow, _O, _P)).join(_P, _P.c.id == _O.c.payment_id)


def rate_at(token: str, currency: str, moment: datetime) -> RateRow | None:
    """Return the rate of a token that is valid at a moment, or None."""
    query = sa.select(*columns(RateRow, _R)).where(
        _R.c.token == token, _R.c.currency == currency, _R.c.valid_from <= moment
    )
    return read_first(RateRow, query.order_by(_R.c.valid_from.desc()).limit(1))


def rate(rate_id: str) -> RateRow:
    """Return a rate; raises NotFound."""
    query = sa.select(*columns(RateRow, _R)).where(_R.c.id == rate_id)
    return read_one(RateRow, query, NotFound(_("There is no such rate.")))


def rates(limit: int = 50) -> list[RateRow]:
    """Return the newest rates."""
    query = sa.select(*columns(RateRow, _R)).order_by(_R.c.valid_from.desc(), _R.c.id.desc())
    return read_all(RateRow, query.limit(limit))


def known_tokens(*, most: int = 20) -> list[str]:
    """Return the tokens that have or had a rate."""
    return list(db.session.scalars(sa.select(_R.c.token).distinct().limit(most)))


def every_rate(place: Place = START, *, size: int = 25) -> Page[RateRow]:
    """Return a page of all rates, the newest date first."""
    query = sa.select(*columns(RateRow, _R))
    return read_page(query, _NEWEST_DATE, place, size=size, row=RateRow)


def order(payment_id: str) -> OrderRow:
    """Return the order of a payment; raises NotFound."""
    query = _ORDERS.where(_O.c.payment_id == payment_id)
    return read_one(OrderRow, query, NotFound(_("There is no such payment.")))


def find_order(payment_id: str) -> OrderRow | None:
    """Return the order of a payment, or None."""
    return read_first(OrderRow, _ORDERS.where(_O.c.payment_id == payment_id))


def by_intent(intent: str) -> OrderRow | None:
    """Return the order with an intent (0x hex), or None."""
    return read_first(OrderRow, _ORDERS.where(_O.c.intent == intent))


def paid_by(contract: str, wallet: str) -> list[OrderRow]:
    """Return the orders that a wallet has paid to a contract, oldest first."""
    query = _ORDERS.where(
        sa.func.lower(_O.c.contract) == contract.lower(),
        sa.func.lower(_O.c.wallet) == wallet.lower(),
        _O.c.tx_hash.is_not(None),
    )
    return read_all(OrderRow, query.order_by(_O.c.payment_id))


def wallets_of(contract: str, *, after: str = "", limit: int) -> Sequence[str]:
    """Return the next wallets that have paid to a contract and have nothing back yet.

    In the order of their addresses, those behind `after`.
    """
    query = sa.select(_O.c.wallet).where(
        sa.func.lower(_O.c.contract) == contract.lower(),
        _O.c.wallet > after,
        _O.c.tx_hash.is_not(None),
        _O.c.refund_tx.is_(None),
    )
    return db.session.scalars(query.distinct().order_by(_O.c.wallet).limit(limit)).all()
