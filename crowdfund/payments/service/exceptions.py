"""What is not exact waits here for a person; nothing is dropped."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
import structlog

from ... import clock, live, outbox
from ...db import db, insert_ignore, new_id, record_event
from ...errors import Conflict, Invalid, NotFound
from ...i18n import _
from ...ledger import service as ledger
from ...ledger.rules import SUSPENSE, Posting, external, user_wallet
from ...notifications import service as notifications
from ..models import Payment, PaymentException, payment_exception_event
from ..rules import RESOLUTIONS, Kind, Resolution
from . import news
from .purposes import accepts_late

log = structlog.get_logger()
MIN_REASON = 5
_X, _P = PaymentException.__table__, Payment.__table__


def open_one(
    key: str, kind: Kind, *, about: dict[str, Any], money: tuple[int, str], held: bool, detail: str
) -> bool:
    """Open an exception once for its key; return whether it is new.

    `about` holds payment_id, user_id, gateway and tx_id; `held` says that the money lies in suspense.
    """
    exception_id = new_id()
    fresh = insert_ignore(_X, [{
        "id": exception_id, "key": key, "kind": kind, "amount_minor": money[0], "currency": money[1],
        "held": held, "detail": detail[:300], "proposed_resolution": _proposal(kind, about["user_id"]),
        "state": "open", "created_at": clock.now(), **about,
    }])  # fmt: skip
    if fresh:
        record_event(payment_exception_event, exception_id, actor="system", before=None, after="open",
                     reason=detail[:1000])  # fmt: skip
        log.warning("payment.exception", key=key, kind=str(kind))
        live.changed("exceptions", "open")
        notifications.queue_work("staff.payments", key=f"exception:{exception_id}")
        if held and about["user_id"]:
            told = {"amount_minor": money[0], "currency": money[1], "problem": str(kind)}
            _tell_owner(about, "in_question", told, key=exception_id)
    return bool(fresh)


def close_many(keys: Iterable[str], *, reason: str) -> None:
    """Close open exceptions that time has answered (only those that hold no money)."""
    query = sa.select(_X.c.id).where(_X.c.key.in_(list(keys)), _X.c.state == "open", _X.c.held == sa.false())
    for exception_id in db.session.scalars(query.with_for_update()).all():
        _close(exception_id, Resolution.DISMISS, actor="system", reason=reason)


def resolve(exception_id: str, resolution: str, *, actor: str, reason: str = "") -> None:
    """Do what a person decided: move held money to where it belongs and tell the purpose.

    accept: to the purpose (of too much, the surplus goes to the person's wallet); credit: to the
    wallet; return: back through the gateway. Raises Conflict when it is resolved already or the
    resolution does not fit; the payment's owner may not decide about it.
    """
    found = db.session.execute(sa.select(_X).where(_X.c.id == exception_id).with_for_update()).first()
    if found is None:
        raise NotFound(_("There is no such exception."))
    if found.state != "open":
        raise Conflict(_("This exception was resolved already. Nothing was changed."))
    if resolution not in choices(found):
        raise Conflict(_("This resolution does not fit this exception. Nothing was changed."))
    if actor == found.user_id:
        raise Conflict(_("Nobody decides about a payment of their own."))
    if resolution == Resolution.DISMISS and len(reason.strip()) < MIN_REASON:
        raise Invalid(_("Say in a sentence why nothing needs to be done."), field="reason")
    _carry_out(found, Resolution(resolution))
    _close(exception_id, Resolution(resolution), actor=actor, reason=reason.strip())
    if found.held and found.user_id:
        told = {"amount_minor": found.amount_minor, "currency": found.currency, "resolution": resolution}
        _tell_owner(dict(found._mapping), "resolved", told, key=exception_id)


def accept_late(payment_id: str, *, actor: str = "system", reason: str = "") -> bool:
    """Take a late payment after all (for a higher feature); False when none is waiting.

    Raises Conflict when the purpose has not said that it accepts late money.
    """
    query = sa.select(_X.c.id).where(_X.c.key == f"payment:{payment_id}:late", _X.c.state == "open")
    exception_id = db.session.scalar(query)
    if exception_id is None:
        return False
    resolve(exception_id, Resolution.ACCEPT, actor=actor, reason=reason)
    return True


def _tell_owner(about: Mapping[str, Any], what: str, told: dict[str, Any], *, key: str) -> None:
    path = f"/payments/{about['payment_id']}" if about["payment_id"] else "/wallet"
    notifications.notify(about["user_id"], f"payment.{what}", told, key=f"exception:{key}:{what}", path=path)


def choices(found: Any) -> tuple[Resolution, ...]:  # noqa: ANN401 - a row
    """Return what may be done about an exception, the proposal first."""
    possible = RESOLUTIONS[Kind(found.kind)]
    if found.user_id is None:
        possible = tuple(one for one in possible if one is not Resolution.CREDIT)
    if found.kind == Kind.LATE and not _is_welcome(found.payment_id):
        possible = tuple(one for one in possible if one is not Resolution.ACCEPT)
    return possible


def _is_welcome(payment_id: str) -> bool:
    query = sa.select(_P.c.purpose_kind, _P.c.purpose_id).where(_P.c.id == payment_id)
    return accepts_late(*db.session.execute(query).one())


def _proposal(kind: Kind, user_id: str | None) -> Resolution:
    possible = RESOLUTIONS[kind]
    return next(one for one in possible if user_id is not None or one is not Resolution.CREDIT)


def _carry_out(found: Any, resolution: Resolution) -> None:  # noqa: ANN401 - a row
    if found.kind == Kind.WEBHOOK_MISSING:
        if resolution is Resolution.ACCEPT:
            _stand_in_for_webhook(found)
        return
    if not found.held:
        return
    payment = None
    if found.payment_id:
        payment = db.session.execute(
            sa.select(_P).where(_P.c.id == found.payment_id).with_for_update()
        ).first()
    postings = _postings(found, payment, resolution)
    ledger.post(
        f"exception:{found.id}:{resolution}",
        postings,
        kind=f"payment.exception.{resolution}",
        ref={"exception": found.id, "payment": found.payment_id or "", "tx_id": found.tx_id or ""},
        currency=found.currency,
    )
    if payment is not None and found.kind != Kind.DUPLICATE:
        _tell(payment, postings, resolution)


def _postings(found: Any, payment: Any, resolution: Resolution) -> list[Posting]:  # noqa: ANN401 - rows
    amount = found.amount_minor
    if resolution is Resolution.RETURN:
        return [Posting(SUSPENSE, external(found.gateway), amount)]
    if resolution is Resolution.CREDIT:
        return [Posting(SUSPENSE, user_wallet(found.user_id), amount)]
    taken = min(amount, payment.amount_minor)
    postings = [Posting(SUSPENSE, payment.destination, taken)]
    if amount > taken:
        postings.append(Posting(SUSPENSE, user_wallet(found.user_id), amount - taken))
    return postings


def _tell(payment: Any, postings: list[Posting], resolution: Resolution) -> None:  # noqa: ANN401 - a row
    """Tell the purpose: it has its money now, or it never will (unless it was told so before)."""
    if resolution is Resolution.ACCEPT:
        news.emit("payment.settled", payment._mapping, amount_minor=postings[0].amount_minor)
    elif payment.released_at is None:
        now = clock.now()
        db.session.execute(sa.update(_P).where(_P.c.id == payment.id).values(released_at=now, updated_at=now))
        news.emit("payment.failed", payment._mapping)
    live.changed("payment", payment.id)


def _stand_in_for_webhook(found: Any) -> None:  # noqa: ANN401 - a row
    """Let a person be the second witness; the money still needs a fresh status query."""
    claim = found.detail.split(" ", 1)[0]
    values: dict[str, Any] = {"claimed_failed": True} if claim == "FAILED" else {"claimed": claim}
    db.session.execute(sa.update(_P).where(_P.c.id == found.payment_id).values(values))
    outbox.add("payments.check", f"check:{found.id}", {"payment_id": found.payment_id})


def _close(exception_id: str, resolution: Resolution, *, actor: str, reason: str) -> None:
    db.session.execute(
        sa.update(_X)
        .where(_X.c.id == exception_id, _X.c.state == "open")
        .values(state="resolved", resolution=resolution, resolved_by=actor, resolved_at=clock.now())
    )
    said = f"{resolution}: {reason}" if reason else str(resolution)
    record_event(payment_exception_event, exception_id, actor=actor, before="open", after="resolved",
                 reason=said[:1000])  # fmt: skip
    live.changed("exceptions", "open")
