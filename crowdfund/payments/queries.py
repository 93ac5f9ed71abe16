"""Reads of payments, the inbox and exceptions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
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
)
from crowdfund.payments.models import payment_exception_event as _exception_event

_P, _C, _I, _X = (
    Payment.__table__,
    GatewayCustomer.__table__,
    Inbox.__table__,
    PaymentException.__table__,
)
WEBHOOK_COLUMNS = [column for column in _I.c if column.name not in ("raw", "headers")]


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as others see it."""

    id: str
    user_id: str
    gateway: str
    purpose_kind: str
    purpose_id: str
    destination: str
    description: str
    amount_minor: int
    currency: str
    status: str
    tx_id: str | None
    checkout_url: str | None
    claimed: str
    claimed_failed: bool
    received_minor: int | None
    received_currency: str | None
    released_at: datetime | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime

    @property
    def is_final(self) -> bool:
        """Return whether nothing more is expected."""
        return self.status in ("settled", "failed", "expired", "reversed")

    @property
    def is_received(self) -> bool:
        """Return whether money came and was not taken back; what is only claimed does not count."""
        return self.received_minor is not None and self.status != "reversed"


COLUMNS = [_P.c[name] for name in PaymentRow.__dataclass_fields__]


def find(payment_id: str) -> PaymentRow | None:
    """Return a payment or None."""
    row = db.session.execute(sa.select(*COLUMNS).where(_P.c.id == payment_id)).first()
    return PaymentRow(*row) if row else None


def get(payment_id: str) -> PaymentRow:
    """Return a payment; raises NotFound."""
    found = find(payment_id)
    if found is None:
        raise NotFound(_("There is no such payment."))
    return found


def get_for_owner(payment_id: str, user_id: str) -> PaymentRow:
    """Return a person's own payment; raises NotFound for everybody else's."""
    found = get(payment_id)
    if found.user_id != user_id:
        raise NotFound(_("There is no such payment."))
    return found


def find_by_key(key: str) -> PaymentRow | None:
    """Return the payment that was started under a caller's key."""
    row = db.session.execute(sa.select(*COLUMNS).where(_P.c.key == key)).first()
    return PaymentRow(*row) if row else None


def for_purpose(kind: str, purpose_id: str) -> list[PaymentRow]:
    """Return the payments of a purpose, newest first."""
    query = sa.select(*COLUMNS).where(_P.c.purpose_kind == kind, _P.c.purpose_id == purpose_id)
    return [PaymentRow(*row) for row in db.session.execute(query.order_by(_P.c.id.desc()))]


def cprn_of(user_id: str, gateway: str) -> str | None:
    """Return the customer's number at a gateway."""
    query = sa.select(_C.c.cprn).where(_C.c.user_id == user_id, _C.c.gateway == gateway)
    return db.session.scalar(query)


def owner_of(gateway: str, cprn: str) -> str | None:
    """Return whose customer number this is."""
    query = sa.select(_C.c.user_id).where(_C.c.gateway == gateway, _C.c.cprn == cprn)
    return db.session.scalar(query)


def timeline(payment_id: str) -> list[Any]:
    """Return the status changes of a payment, oldest first."""
    query = sa.select(payment_event).where(payment_event.c.payment_id == payment_id)
    return list(db.session.execute(query.order_by(payment_event.c.at, payment_event.c.id)))


def webhooks_of(payment_id: str) -> list[Any]:
    """Return the webhooks of a payment, oldest first, with their status."""
    query = sa.select(*WEBHOOK_COLUMNS).where(_I.c.payment_id == payment_id)
    return list(db.session.execute(query.order_by(_I.c.id).limit(100)))


# --- for staff ------------------------------------------------------------------------------------


def held_totals() -> dict[str, int]:
    """Return the same as the sum over open exceptions, which grows with them: for proofs."""
    query = sa.select(_X.c.currency, sa.func.sum(_X.c.amount_minor)).where(
        _X.c.state == "open", _X.c.held == sa.true()
    )
    rows = db.session.execute(query.group_by(_X.c.currency).order_by(_X.c.currency))
    return {currency: int(amount) for currency, amount in rows}


def reached_its_purpose() -> sa.ColumnElement[bool]:
    """Return the condition that a settled payment's money went to its purpose, not to suspense.

    Money that did not fit goes there only when staff accept it.
    """
    elsewhere = sa.or_(_X.c.state == "open", _X.c.resolution != rules.Resolution.ACCEPT)
    misfit = _X.c.kind.in_(rules.MISFITS)
    held = _X.c.held == sa.true()
    return ~sa.exists().where(_X.c.payment_id == _P.c.id, misfit, held, elsewhere).correlate(_P)


def webhook(inbox_id: str) -> Any:  # noqa: ANN401 - a row
    """Return one webhook with its raw body; raises NotFound."""
    row = db.session.execute(sa.select(_I).where(_I.c.id == inbox_id)).first()
    if row is None:
        raise NotFound(_("There is no such webhook."))
    return row


def exceptions_of(payment_id: str) -> list[Any]:
    """Return the exceptions of a payment, oldest first."""
    return list(
        db.session.execute(sa.select(_X).where(_X.c.payment_id == payment_id).order_by(_X.c.id))
    )


def exception(exception_id: str) -> Any:  # noqa: ANN401 - a row
    """Return one exception; raises NotFound."""
    row = db.session.execute(sa.select(_X).where(_X.c.id == exception_id)).first()
    if row is None:
        raise NotFound(_("There is no such exception."))
    return row


def exception_history(exception_ids: Iterable[str]) -> list[Any]:
    """Return what was done about exceptions, oldest first."""
    column = _exception_event.c.payment_exception_id
    query = sa.select(_exception_event).where(column.in_(list(exception_ids)))
    return list(db.session.execute(query.order_by(_exception_event.c.at, _exception_event.c.id)))


# --- for jobs -------------------------------------------------------------------------------------


def by_tx(pairs: Iterable[tuple[str, str]]) -> list[Mapping[str, Any]]:
    """Return status and what came in of payments by (gateway, tx_id)."""
    names = ("id", "gateway", "tx_id", "status", "received_minor", "received_currency")
    columns = [_P.c[name] for name in names]
    query = sa.select(*columns).where(sa.tuple_(_P.c.gateway, _P.c.tx_id).in_(list(set(pairs))))
    return [dict(row) for row in db.session.execute(query).mappings()]


def to_check(before: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Return payments in flight, with their gateways, that nobody spoke of since a moment, longest first."""
    query = sa.select(_P.c.id, _P.c.gateway).where(
        _P.c.status.in_(("created", "pending", "succeeded")), _P.c.checked_at < before
    )
    return [
        (row.id, row.gateway)
        for row in db.session.execute(query.order_by(_P.c.checked_at).limit(limit))
    ]


def is_held(gateway: str, tx_id: str) -> bool:
    """Return whether money of a transaction went to suspense already, decided about or not."""
    query = sa.select(_X.c.id).where(
        _X.c.gateway == gateway, _X.c.tx_id == tx_id, _X.c.held == sa.true()
    )
    return db.session.execute(query.limit(1)).first() is not None


def open_at_bank(after: str, since: datetime, limit: int) -> list[Any]:
    """Return payments that the gateway may know more of (id, gateway, name there), in order of ids.

    Those on their way, and those that ended without money but began at or after `since`.
    """
    ended = sa.and_(_P.c.status.in_(("failed", "expired")), _P.c.created_at >= since)
    on_its_way = _P.c.status.in_(("created", "pending", "succeeded"))
    query = sa.select(_P.c.id, _P.c.gateway, sa.func.coalesce(_P.c.tx_id, _P.c.id).label("name"))
    query = query.where(_P.c.id > after, sa.or_(on_its_way, ended)).order_by(_P.c.id).limit(limit)
    return list(db.session.execute(query))


def recently_changed(events: int) -> list[str]:
    """Return the payments of the newest status changes."""
    newest = sa.select(payment_event.c.payment_id).order_by(payment_event.c.id.desc()).limit(events)
    return list(db.session.scalars(sa.select(newest.subquery().c.payment_id).distinct()))


def problems() -> list[str]:
    """Return a sentence for each dead webhook (I10) and for suspense without its exceptions (I4)."""
    query = sa.select(_I.c.id, _I.c.state).where(_I.c.state == "dead")
    dead = [f"I10 webhook {row.id} is dead" for row in db.session.execute(query.limit(100))]
    held, booked = held_totals(), ledger.balances(SUSPENSE)
    return dead + [
        f"I4 suspense has {booked.get(currency, 0)} {currency}, open exceptions {held.get(currency, 0)}"
        for currency in sorted(held.keys() | booked.keys())
        if held.get(currency, 0) != booked.get(currency, 0)
    ]
