"""The lists of staff: payments, webhooks and exceptions in pages, and the numbers beside them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import (
    MOST_COUNTED,
    START,
    Key,
    Page,
    Place,
    count_up_to,
    counts_up_to,
    read_page,
)
from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.kernel.db.searching import mentions, spellings
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.rules import SUSPENSE
from crowdfund.payments import rules
from crowdfund.payments.models import (
    GatewayCustomer,
    Inbox,
    Payment,
    PaymentException,
    WebhookRefusal,
)
from crowdfund.payments.queries import COLUMNS, EXCEPTION_COLUMNS, WEBHOOK_COLUMNS
from crowdfund.payments.rows import ExceptionRow, PaymentRow, PaymentTotal, RefusedRow, WebhookRow

_P, _C = Payment.__table__, GatewayCustomer.__table__
_I, _X, _R = Inbox.__table__, PaymentException.__table__, WebhookRefusal.__table__
PAGE = 25


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What staff look for; empty means everything, a received currency `-` nothing received."""

    status: str = ""
    gateway: str = ""
    search: str = ""
    currency: str = ""
    received_currency: str = ""


ALL = PaymentFilter()


def payments_page(
    wanted: PaymentFilter = ALL, place: Place = START, *, size: int = PAGE
) -> Page[PaymentRow]:
    """Return payments newest first."""
    query = _filtered(sa.select(*COLUMNS), wanted)
    return read_page(query, _newest(_P), place, size=size, row=PaymentRow)


def payment_totals(wanted: PaymentFilter = ALL) -> list[PaymentTotal] | None:
    """Return number, sum asked for and sum received of all payments that fit (minor units).

    None if more than MOST_COUNTED fit: a page does not add up a list without an end. One row for
    each status, currency and received currency. Received is what the journal has booked: nothing
    before a payment succeeded, and nothing any more once it was reversed.
    """
    query = _filtered(sa.select(*COLUMNS), wanted)
    if count_up_to(query) > MOST_COUNTED:
        return None
    few = query.subquery()
    booked = sa.case((few.c.status.in_(("succeeded", "settled")), few.c.received_minor), else_=0)
    selected = columns(
        PaymentTotal,
        few,
        count=sa.func.count(),
        amount_minor=_sum(few.c.amount_minor),
        received_minor=_sum(booked),
    )
    group = (few.c.status, few.c.currency, few.c.received_currency)
    return read_all(PaymentTotal, sa.select(*selected).group_by(*group).order_by(*group))


def sum_of(wanted: PaymentFilter, name: str) -> int:
    """Return the sum of a column of amounts over the payments that fit, in minor units."""
    few = _filtered(sa.select(*COLUMNS), wanted).subquery()
    return int(db.session.scalar(sa.select(_sum(few.c[name]))) or 0)


def _sum(amount: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    # PostgreSQL adds up to NUMERIC, a Decimal in Python.
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)


def _filtered(query: sa.Select[Any], wanted: PaymentFilter) -> sa.Select[Any]:
    if wanted.status in tuple(rules.Status):
        query = query.where(_P.c.status == wanted.status)
    if wanted.gateway:
        query = query.where(_P.c.gateway == wanted.gateway)
    if wanted.currency:
        query = query.where(_P.c.currency == wanted.currency)
    if wanted.received_currency:
        received = None if wanted.received_currency == "-" else wanted.received_currency
        query = query.where(_P.c.received_currency == received)
    text = wanted.search.strip()
    if text:
        owner = sa.select(_C.c.user_id).where(_C.c.cprn == text.upper())
        query = query.where(
            sa.or_(
                _P.c.id == text.lower(),
                _P.c.tx_id.in_(spellings(text)),
                _P.c.purpose_id == text.lower(),
                _P.c.user_id.in_(owner),
                mentions(_P.c.description, text),
            )
        )
    return query


def inbox_page(
    *, state: str = "", search: str = "", place: Place = START, size: int = PAGE
) -> Page[WebhookRow]:
    """Return webhooks newest first, without their bodies."""
    query = sa.select(*WEBHOOK_COLUMNS)
    if state:
        query = query.where(_I.c.state == state)
    if search.strip():
        wanted = spellings(search.strip())
        ids = (_I.c.event_id, _I.c.payment_id, _I.c.id)
        query = query.where(sa.or_(*(column.in_(wanted) for column in ids)))
    return read_page(query, _newest(_I), place, size=size, row=WebhookRow)


def inbox_counts() -> dict[str, int]:
    """Return how many webhooks are in each state, counted up to 1,001 (see `paging`)."""
    states = ("received", "queued", "parked", "done", "dead", "refused")
    return counts_up_to({state: sa.select(_I.c.id).where(_I.c.state == state) for state in states})


def refused_since(since: datetime, *, limit: int = 20) -> list[RefusedRow]:
    """Return how many webhooks of each network and gateway we refused, most first."""
    count = sa.cast(sa.func.sum(_R.c.count), sa.BigInteger)
    selected = columns(RefusedRow, _R, count=count, last_at=sa.func.max(_R.c.last_at))
    query = sa.select(*selected).where(_R.c.hour >= since).group_by(_R.c.gateway, _R.c.client)
    return read_all(RefusedRow, query.order_by(count.desc()).limit(limit))


def exceptions_page(
    *, state: str = "open", place: Place = START, size: int = PAGE
) -> Page[ExceptionRow]:
    """Return exceptions newest first."""
    query = sa.select(*EXCEPTION_COLUMNS)
    if state:
        query = query.where(_X.c.state == state)
    return read_page(query, _newest(_X), place, size=size, row=ExceptionRow)


def suspense() -> dict[str, int]:
    """Return per currency what waits in suspense for a decision, in minor units, from the journal.

    The self-check proves that it is what open exceptions hold (I4).
    """
    return {currency: amount for currency, amount in ledger.balances(SUSPENSE).items() if amount}


def counts() -> dict[str, int]:
    """Return the number of open exceptions, and of webhooks by state, up to 1,001 each."""
    open_ones = count_up_to(sa.select(_X.c.id).where(_X.c.state == "open"))
    return {"exceptions": open_ones} | inbox_counts()


def _newest(table: sa.FromClause) -> tuple[Key]:
    """Return the order of ids, which grow with time, newest first."""
    return (Key(table.c.id, is_descending=True),)
