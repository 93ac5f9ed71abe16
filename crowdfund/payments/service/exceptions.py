"""Payments that were not as expected wait here for a decision of staff; nothing is dropped."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.kernel import clock, live
from crowdfund.kernel.db import db, insert_ignore, new_id, record_event
from crowdfund.notifications import service
from crowdfund.payments import queries
from crowdfund.payments.models import Payment, PaymentException, payment_exception_event
from crowdfund.payments.rows import AnyPayment
from crowdfund.payments.rules import RESOLUTIONS, Kind, Resolution
from crowdfund.payments.service import closing, keys, short

log = structlog.get_logger()
_X, _P = PaymentException.__table__, Payment.__table__


@dataclass(frozen=True, slots=True)
class Origin:
    """What an exception is about: the payment and its person, if known, and the transaction."""

    payment_id: str | None
    user_id: str | None
    gateway: str
    tx_id: str | None


def open_one(
    key: str, kind: Kind, *, origin: Origin, money: tuple[int, str], held: bool, detail: str
) -> None:
    """Open an exception once for its key.

    `money` is amount (minor units) and currency; `held` says that it is in suspense. What the
    system closed by itself opens again; what staff decided stays decided, unless the gateway still
    says that it has the money (an older version let staff dismiss that).
    """
    exception_id = new_id()
    row = {
        "id": exception_id,
        "key": key,
        "kind": kind,
        **asdict(origin),
        "amount_minor": money[0],
        "currency": money[1],
        "held": held,
        "detail": detail[:300],
        "proposed_resolution": _proposal(kind, origin.user_id),
        "state": "open",
        "created_at": clock.now(),
    }
    if not insert_ignore(_X, [row]):
        if not held:
            _reopen(key, detail)
        return
    _announce(exception_id, before=None, detail=detail)
    log.warning("payment.exception", key=key, kind=str(kind))
    if held and origin.user_id:
        what, facts = _news(kind, origin.payment_id, money)
        notify_owner(origin.user_id, origin.payment_id, what, facts, key=exception_id)


def _news(kind: Kind, payment_id: str | None, money: tuple[int, str]) -> tuple[str, dict[str, Any]]:
    """Return what the owner of held money is notified of: the rest to pay, if that is possible."""
    facts: dict[str, Any] = {"amount_minor": money[0], "currency": money[1]}
    rest = short.rest(payment_id) if kind is Kind.TOO_LITTLE and payment_id else None
    if payment_id is None or rest is None or not rest.is_open:
        return "in_question", facts | {"problem": str(kind)}
    asked = queries.get(payment_id).amount_minor
    missing = {"asked_minor": asked, "missing_minor": rest.missing_minor}
    return "short", facts | missing | {"until_at": rest.until.isoformat()}


def notify_owner(
    user_id: str, payment_id: str | None, what: str, facts: dict[str, Any], *, key: str
) -> None:
    """Notify the owner of held money, once for each key and news."""
    path = f"/payments/{payment_id}" if payment_id else "/wallet"
    service.notify(user_id, f"payment.{what}", facts, key=f"exception:{key}:{what}", path=path)


def _reopen(key: str, detail: str) -> None:
    is_answered = sa.and_(_X.c.key == key, _X.c.state == "resolved")
    if keys.claims_money(key):
        is_answered = sa.and_(is_answered, _X.c.resolution == Resolution.DISMISS)
    else:
        is_answered = sa.and_(is_answered, _X.c.resolved_by == "system")
    exception_id = db.session.scalar(sa.select(_X.c.id).where(is_answered).with_for_update())
    if exception_id is None:
        return
    nothing = dict.fromkeys(("resolution", "resolved_by", "resolved_at"))
    db.session.execute(
        sa.update(_X)
        .where(_X.c.id == exception_id)
        .values(state="open", detail=detail[:300], **nothing)
    )
    _announce(exception_id, before="resolved", detail=detail)


def _announce(exception_id: str, *, before: str | None, detail: str) -> None:
    record_event(
        payment_exception_event,
        exception_id,
        actor="system",
        before=before,
        after="open",
        reason=detail,
    )
    live.changed("exceptions", "open")
    service.queue_work("staff.payments", key=f"exception:{exception_id}")


def open_for_payment(
    payment: AnyPayment,
    kind: Kind,
    detail: str,
    *,
    name: str,
    held: bool = False,
    received: tuple[int, str] | None = None,
) -> None:
    """Open an exception of a payment once for each name."""
    open_one(
        keys.payment(payment.id, name),
        kind,
        origin=Origin(payment.id, payment.user_id, payment.gateway, payment.tx_id),
        money=received or (payment.amount_minor, payment.currency),
        held=held,
        detail=detail,
    )


def close_many(names_of: Mapping[str, set[str]], *, reason: str) -> None:
    """Close cleared up exceptions, by payment and name; never one that holds money."""
    query = sa.select(_X.c.id, _X.c.key, _X.c.payment_id).where(
        _X.c.payment_id.in_(list(names_of)), _X.c.state == "open", _X.c.held == sa.false()
    )
    for row in db.session.execute(query.order_by(_X.c.id).with_for_update()).all():
        if any(keys.is_named(row.key, row.payment_id, name) for name in names_of[row.payment_id]):
            closing.close(row.id, Resolution.DISMISS, actor="system", reason=reason)


def is_dismissed(key: str) -> bool:
    """Return whether staff have decided that an exception needs no action."""
    query = sa.select(_X.c.id).where(_X.c.key == key, _X.c.resolution == Resolution.DISMISS)
    query = query.where(_X.c.resolved_by != "system")
    return db.session.scalar(query) is not None


def money_of(key: str) -> tuple[int, str] | None:
    """Return the money (minor units, currency) that an exception holds or held, or None."""
    row = db.session.execute(
        sa.select(_X.c.amount_minor, _X.c.currency).where(_X.c.key == key)
    ).first()
    return (row.amount_minor, row.currency) if row else None


def is_taken(gateway: str, tx_id: str, *, besides: str = "") -> bool:
    """Return whether a transaction belongs to a payment already, or its money is in suspense.

    A payment `besides` which another is looked for does not count.
    """
    payment = sa.select(_P.c.id).where(_P.c.gateway == gateway, _P.c.tx_id == tx_id)
    payment = payment.where(_P.c.id != besides)
    suspended = sa.select(_X.c.id).where(_X.c.key == keys.transaction(gateway, tx_id, "settled"))
    return db.session.scalar(payment) is not None or db.session.scalar(suspended) is not None


def _proposal(kind: Kind, user_id: str | None) -> Resolution:
    possible = RESOLUTIONS[kind]
    return next(one for one in possible if user_id is not None or one is not Resolution.CREDIT)
