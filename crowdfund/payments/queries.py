"""Reads of payments, the inbox and exceptions."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.rules import SUSPENSE
from crowdfund.payments import rules
from crowdfund.payments.models import (
    GatewayCustomer,
    Inbox,
    Payment,
    PaymentException,
    payment_event,
    payment_exception_event,
)
from crowdfund.payments.rows import (
    CompletedRow,
    ExceptionRow,
    PaymentRow,
    TransactionRow,
    UnfinishedRow,
    WebhookDetail,
    WebhookRow,
)

_P, _C = Payment.__table__, GatewayCustomer.__table__
_I, _X = Inbox.__table__, PaymentException.__table__
_E, _XE = payment_event, payment_exception_event
COLUMNS = columns(PaymentRow, _P)
WEBHOOK_COLUMNS = columns(WebhookRow, _I)
EXCEPTION_COLUMNS = columns(ExceptionRow, _X)


def find(payment_id: str) -> PaymentRow | None:
    """Return a payment or None."""
    return read_first(PaymentRow, sa.select(*COLUMNS).where(_P.c.id == payment_id))


def locked(payment_id: str) -> PaymentRow | None:
    """Return a payment, locked until the transaction ends, or None."""
    query = sa.select(*COLUMNS).where(_P.c.id == payment_id)
    return read_first(PaymentRow, query.with_for_update())


def get(payment_id: str) -> PaymentRow:
    """Return a payment; raises NotFound."""
    query = sa.select(*COLUMNS).where(_P.c.id == payment_id)
    return read_one(PaymentRow, query, NotFound(_("There is no such payment.")))


def get_for_owner(payment_id: str, user_id: str) -> PaymentRow:
    """Return a person's own payment; raises NotFound for others."""
    query = sa.select(*COLUMNS).where(_P.c.id == payment_id, _P.c.user_id == user_id)
    return read_one(PaymentRow, query, NotFound(_("There is no such payment.")))


def find_by_key(key: str) -> PaymentRow | None:
    """Return the payment that was started under a caller's key."""
    return read_first(PaymentRow, sa.select(*COLUMNS).where(_P.c.key == key))


def for_purpose(kind: str, purpose_id: str) -> list[PaymentRow]:
    """Return the payments of a purpose, newest first."""
    query = sa.select(*COLUMNS).where(_P.c.purpose_kind == kind, _P.c.purpose_id == purpose_id)
    return read_all(PaymentRow, query.order_by(_P.c.id.desc()))


def that_brought(payment_id: str) -> list[PaymentRow]:
    """Return the payments that brought the money of a purpose: the first one, then its rests."""
    its = sa.or_(_P.c.id == payment_id, _P.c.rest_of == payment_id)
    query = sa.select(*COLUMNS).where(its, _P.c.status == rules.Status.SETTLED)
    return read_all(PaymentRow, query.order_by(_P.c.id))


def that_brought_each(payment_ids: Collection[str]) -> dict[str, list[PaymentRow]]:
    """Return what `that_brought` does for several purposes, by the first payment of each."""
    ids = list(payment_ids)
    query = sa.select(*COLUMNS).where(
        sa.or_(_P.c.id.in_(ids), _P.c.rest_of.in_(ids)), _P.c.status == rules.Status.SETTLED
    )
    found: dict[str, list[PaymentRow]] = {one: [] for one in ids}
    for row in read_all(PaymentRow, query.order_by(_P.c.id)):
        for first in {row.id, row.rest_of} & found.keys():
            found[str(first)].append(row)
    return found


def cprn_of(user_id: str, gateway: str) -> str | None:
    """Return the customer's number at a gateway."""
    query = sa.select(_C.c.cprn).where(_C.c.user_id == user_id, _C.c.gateway == gateway)
    return db.session.scalar(query)


def owner_of(gateway: str, cprn: str) -> str | None:
    """Return whose customer number this is."""
    query = sa.select(_C.c.user_id).where(_C.c.gateway == gateway, _C.c.cprn == cprn)
    return db.session.scalar(query)


def timeline(payment_id: str) -> list[StatusChange]:
    """Return the status changes of a payment, oldest first."""
    return status_changes(_E, payment_id)


def webhooks_of(payment_id: str) -> list[WebhookRow]:
    """Return the first hundred webhooks of a payment, oldest first."""
    query = sa.select(*WEBHOOK_COLUMNS).where(_I.c.payment_id == payment_id)
    return read_all(WebhookRow, query.order_by(_I.c.id).limit(100))


# --- for staff ------------------------------------------------------------------------------------


def held_totals() -> dict[str, int]:
    """Return what open exceptions hold, in minor units by currency. Reads them all: for proofs."""
    query = sa.select(_X.c.currency, sa.func.sum(_X.c.amount_minor)).where(
        _X.c.state == "open", _X.c.held == sa.true()
    )
    rows = db.session.execute(query.group_by(_X.c.currency).order_by(_X.c.currency))
    return {currency: int(amount) for currency, amount in rows}


def reached_its_purpose() -> sa.ColumnElement[bool]:
    """Return the condition that a settled payment's money went to its purpose, not to suspense.

    Money that did not fit goes there only when staff accept it, or its payer has paid the rest.
    """
    given = (rules.Resolution.ACCEPT, rules.Resolution.TOP_UP)
    elsewhere = sa.or_(_X.c.state == "open", _X.c.resolution.not_in(given))
    misfit = _X.c.kind.in_(rules.MISFITS)
    held = _X.c.held == sa.true()
    return ~sa.exists().where(_X.c.payment_id == _P.c.id, misfit, held, elsewhere).correlate(_P)


def webhook(inbox_id: str) -> WebhookDetail:
    """Return one webhook with its raw body; raises NotFound."""
    query = sa.select(*columns(WebhookDetail, _I)).where(_I.c.id == inbox_id)
    return read_one(WebhookDetail, query, NotFound(_("There is no such webhook.")))


def exceptions_of(payment_id: str) -> list[ExceptionRow]:
    """Return the exceptions of a payment, oldest first."""
    query = sa.select(*EXCEPTION_COLUMNS).where(_X.c.payment_id == payment_id)
    return read_all(ExceptionRow, query.order_by(_X.c.id))


def exception(exception_id: str, *, lock: bool = False) -> ExceptionRow:
    """Return one exception, with `lock` locked until the transaction ends; raises NotFound."""
    query = sa.select(*EXCEPTION_COLUMNS).where(_X.c.id == exception_id)
    missing = NotFound(_("There is no such exception."))
    return read_one(ExceptionRow, query.with_for_update() if lock else query, missing)


def exception_history(exception_id: str) -> list[StatusChange]:
    """Return what was done about an exception, oldest first."""
    return status_changes(_XE, exception_id)


# --- for jobs -------------------------------------------------------------------------------------


def by_tx(pairs: Iterable[tuple[str, str]]) -> list[TransactionRow]:
    """Return status and received amount of payments by (gateway, tx_id)."""
    wanted = sa.tuple_(_P.c.gateway, _P.c.tx_id).in_(list(set(pairs)))
    return read_all(TransactionRow, sa.select(*columns(TransactionRow, _P)).where(wanted))


def to_check(before: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Return (id, gateway) of payments in flight without news since `before`, longest first."""
    query = sa.select(_P.c.id, _P.c.gateway).where(
        _P.c.status.in_(("created", "pending", "succeeded")),
        _P.c.gateway.not_in(rules.WITHOUT_GATEWAY),
        # what lies in the future was written before the clock went back
        sa.or_(_P.c.checked_at < before, _P.c.checked_at > clock.now() + clock.CLOCKS_DIFFER),
    )
    rows = db.session.execute(query.order_by(_P.c.checked_at).limit(limit))
    return [(row.id, row.gateway) for row in rows]


def is_held(gateway: str, tx_id: str) -> bool:
    """Return whether a transaction's money went to suspense before, decided about or not."""
    query = sa.select(_X.c.id).where(
        _X.c.gateway == gateway, _X.c.tx_id == tx_id, _X.c.held == sa.true()
    )
    return db.session.execute(query.limit(1)).first() is not None


def open_at_bank(after: str, since: datetime, limit: int) -> list[UnfinishedRow]:
    """Return payments that the gateway may know more of, in order of ids, from an id on.

    Those on their way, and those that ended without money but began at or after `since`.
    """
    is_over = _P.c.status.in_(("failed", "expired", "cancelled"))
    ended = sa.and_(is_over, _P.c.created_at >= since)
    on_its_way = _P.c.status.in_(("created", "pending", "succeeded"))
    selected = columns(UnfinishedRow, _P, name=sa.func.coalesce(_P.c.tx_id, _P.c.id))
    query = sa.select(*selected).where(_P.c.id > after, sa.or_(on_its_way, ended))
    query = query.where(_P.c.gateway.not_in(rules.WITHOUT_GATEWAY))
    return read_all(UnfinishedRow, query.order_by(_P.c.id).limit(limit))


def recently_changed(events: int) -> list[str]:
    """Return the payments of the newest status changes."""
    newest = sa.select(payment_event.c.payment_id).order_by(payment_event.c.id.desc()).limit(events)
    return list(db.session.scalars(sa.select(newest.subquery().c.payment_id).distinct()))


def problems() -> list[str]:
    """Return a sentence for each dead webhook (I10) and for suspense without exceptions (I4).

    And for each payment that was completed by a further one, if its parts do not add up to it (I4).
    """
    query = sa.select(_I.c.id, _I.c.state).where(_I.c.state == "dead")
    dead = [f"I10 webhook {row.id} is dead" for row in db.session.execute(query.limit(100))]
    held, booked = held_totals(), ledger.balances(SUSPENSE)
    return (
        dead
        + [
            f"I4 suspense has {booked.get(currency, 0)} {currency}, "
            f"open exceptions {held.get(currency, 0)}"
            for currency in sorted(held.keys() | booked.keys())
            if held.get(currency, 0) != booked.get(currency, 0)
        ]
        + [
            f"I4 payment {row.id} of {row.amount_minor} was completed to {row.parts_minor}"
            for row in read_all(CompletedRow, _completed().order_by(_P.c.id))
            if row.parts_minor != row.amount_minor
        ]
    )


def _completed() -> sa.Select[Any]:
    """Select payments that a rest has completed, with what came in parts: held first, or exact."""
    rest, part = _P.alias(), _X.alias()
    is_its = sa.or_(rest.c.id == _P.c.id, rest.c.rest_of == _P.c.id)
    held = sa.select(sa.func.sum(part.c.amount_minor))
    held = held.join(rest, rest.c.id == part.c.payment_id)
    held = held.where(is_its, part.c.resolution == rules.Resolution.TOP_UP)
    unfit = sa.exists().where(
        part.c.payment_id == rest.c.id,
        part.c.held == sa.true(),
        part.c.kind.in_(rules.MISFITS),
        sa.or_(part.c.state == "open", part.c.resolution != rules.Resolution.ACCEPT),
    )
    exact = sa.select(sa.func.coalesce(sa.func.sum(rest.c.amount_minor), 0))
    exact = exact.where(rest.c.rest_of == _P.c.id, rest.c.status == "settled", ~unfit)
    parts = held.correlate(_P).scalar_subquery() + exact.correlate(_P).scalar_subquery()
    first = sa.select(*columns(CompletedRow, _P, parts_minor=sa.cast(parts, sa.BigInteger)))
    first = first.join(_X, _X.c.payment_id == _P.c.id)
    return first.where(_X.c.resolution == rules.Resolution.TOP_UP, _P.c.rest_of.is_(None))
