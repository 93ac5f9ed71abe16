"""What is not exact waits here for a person; nothing is dropped."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db, insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict, Invalid, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.ledger.rules import SUSPENSE, Posting, external, user_wallet
from crowdfund.ledger.service import posting
from crowdfund.notifications import service
from crowdfund.payments import rules
from crowdfund.payments.events import PaymentFailed, PaymentSettled
from crowdfund.payments.models import Inbox, Payment, PaymentException, payment_exception_event
from crowdfund.payments.rules import RESOLUTIONS, Kind, Resolution
from crowdfund.payments.service import keys
from crowdfund.payments.service.purposes import accepts_late

log = structlog.get_logger()
MIN_REASON = 5
_X, _P, _I = PaymentException.__table__, Payment.__table__, Inbox.__table__


def open_one(
    key: str, kind: Kind, *, about: dict[str, Any], money: tuple[int, str], held: bool, detail: str
) -> None:
    """Open an exception once for its key.

    `about` holds payment_id, user_id, gateway and tx_id; `held` says that the money lies in suspense.
    What the system closed by itself opens again; what a person judged stays judged.
    """
    exception_id = new_id()
    fresh = insert_ignore(_X, [{
        "id": exception_id, "key": key, "kind": kind, "amount_minor": money[0], "currency": money[1],
        "held": held, "detail": detail[:300], "proposed_resolution": _proposal(kind, about["user_id"]),
        "state": "open", "created_at": clock.now(), **about,
    }])  # fmt: skip
    if not fresh:
        if not held:
            _reopen(key, detail)
        return
    _announce(exception_id, before=None, detail=detail)
    log.warning("payment.exception", key=key, kind=str(kind))
    if held and about["user_id"]:
        told = {"amount_minor": money[0], "currency": money[1], "problem": str(kind)}
        _tell_owner(about, "in_question", told, key=exception_id)


def _reopen(key: str, detail: str) -> None:
    is_answered = sa.and_(_X.c.key == key, _X.c.state == "resolved", _X.c.resolved_by == "system")
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
        payment_exception_event, exception_id, actor="system", before=before, after="open",
        reason=detail[:1000],
    )  # fmt: skip
    live.changed("exceptions", "open")
    service.queue_work("staff.payments", key=f"exception:{exception_id}")


def open_for_payment(
    payment: Mapping[str, Any],
    kind: Kind,
    detail: str,
    *,
    name: str,
    held: bool = False,
    received: tuple[int, str] | None = None,
) -> None:
    """Open an exception of a payment once for each name."""
    about = {column: payment[column] for column in ("user_id", "gateway", "tx_id")}
    open_one(
        keys.payment(payment["id"], name),
        kind,
        about={"payment_id": payment["id"], **about},
        money=received or (payment["amount_minor"], payment["currency"]),
        held=held,
        detail=detail,
    )


def close_many(names_of: Mapping[str, set[str]], *, reason: str) -> None:
    """Close open exceptions that time has answered, by payment and name; never one that holds money."""
    query = sa.select(_X.c.id, _X.c.key, _X.c.payment_id).where(
        _X.c.payment_id.in_(list(names_of)), _X.c.state == "open", _X.c.held == sa.false()
    )
    for row in db.session.execute(query.order_by(_X.c.id).with_for_update()).all():
        if any(keys.is_named(row.key, row.payment_id, name) for name in names_of[row.payment_id]):
            _close(row.id, Resolution.DISMISS, actor="system", reason=reason)


def is_dismissed(key: str) -> bool:
    """Return whether a person has judged that nothing is to be done about an exception."""
    query = sa.select(_X.c.id).where(_X.c.key == key, _X.c.resolution == Resolution.DISMISS)
    query = query.where(_X.c.resolved_by != "system")
    return db.session.scalar(query) is not None


def money_of(key: str) -> tuple[int, str] | None:
    """Return the money (minor units, currency) that an exception holds or held, or None."""
    row = db.session.execute(
        sa.select(_X.c.amount_minor, _X.c.currency).where(_X.c.key == key)
    ).first()
    return (row.amount_minor, row.currency) if row else None


def is_taken(gateway: str, tx_id: str) -> bool:
    """Return whether a transaction belongs to a payment already, or its money is in suspense."""
    payment = sa.select(_P.c.id).where(_P.c.gateway == gateway, _P.c.tx_id == tx_id)
    suspended = sa.select(_X.c.id).where(_X.c.key == keys.transaction(gateway, tx_id, "settled"))
    return db.session.scalar(payment) is not None or db.session.scalar(suspended) is not None


def resolve(exception_id: str, resolution: str, *, actor: str, reason: str = "") -> None:
    """Do what a person decided: move held money to where it belongs and tell the purpose.

    accept: to the purpose (of too much, the surplus goes to the person's wallet); credit: to the
    wallet; return: back through the gateway. Raises Conflict when it is resolved already or the
    resolution does not fit; the payment's owner may not decide about it.
    """
    found = db.session.execute(
        sa.select(_X).where(_X.c.id == exception_id).with_for_update()
    ).first()
    if found is None:
        raise NotFound(_("There is no such exception."))
    check(found, resolution, actor=actor)
    if resolution == Resolution.DISMISS and len(reason.strip()) < MIN_REASON:
        raise Invalid(_("Enter a short reason why no action is needed."), field="reason")
    _carry_out(found, Resolution(resolution))
    _close(exception_id, Resolution(resolution), actor=actor, reason=reason.strip())
    if found.payment_id:
        live.changed("payment", found.payment_id)
    if found.held and found.user_id:
        told = {
            "amount_minor": found.amount_minor,
            "currency": found.currency,
            "resolution": resolution,
        }
        _tell_owner(dict(found._mapping), "resolved", told, key=exception_id)


def check(found: Any, resolution: str, *, actor: str) -> Resolution:  # noqa: ANN401 - a row
    """Return a resolution that this person may choose now; raises Conflict otherwise."""
    if found.state != "open":
        raise Conflict(_("This payment has already been reviewed. Nothing was changed."))
    if resolution not in choices(found):
        raise Conflict(_("This decision does not fit this payment. Nothing was changed."))
    if actor == found.user_id:
        raise Conflict(_("You cannot decide about your own payment. A colleague has to."))
    return Resolution(resolution)


def accept_late(payment_id: str, *, actor: str = "system", reason: str = "") -> bool:
    """Take a late payment after all (for a higher feature); False when none is waiting.

    Raises Conflict when the purpose has not said that it accepts late money.
    """
    query = sa.select(_X.c.id).where(
        _X.c.key == keys.payment(payment_id, Kind.LATE), _X.c.state == "open"
    )
    exception_id = db.session.scalar(query)
    if exception_id is None:
        return False
    resolve(exception_id, Resolution.ACCEPT, actor=actor, reason=reason)
    return True


def _tell_owner(about: Mapping[str, Any], what: str, told: dict[str, Any], *, key: str) -> None:
    path = f"/payments/{about['payment_id']}" if about["payment_id"] else "/wallet"
    service.notify(
        about["user_id"], f"payment.{what}", told, key=f"exception:{key}:{what}", path=path
    )


def choices(found: Any) -> tuple[Resolution, ...]:  # noqa: ANN401 - a row
    """Return what may be done about an exception, the proposal first."""
    possible = RESOLUTIONS[Kind(found.kind)]
    if found.user_id is None:
        possible = tuple(one for one in possible if one is not Resolution.CREDIT)
    if found.kind == Kind.LATE and not _is_welcome(found):
        possible = tuple(one for one in possible if one is not Resolution.ACCEPT)
    return possible


def preview(found: Any, resolution: Resolution) -> list[Posting]:  # noqa: ANN401 - a row
    """Return what a decision would move now (minor units); nothing when no money is held."""
    if not found.held or resolution is Resolution.DISMISS:
        return []
    query = sa.select(_P).where(_P.c.id == found.payment_id)
    payment = db.session.execute(query).first() if found.payment_id else None
    return _postings(found, payment, resolution)


def _is_welcome(found: Any) -> bool:  # noqa: ANN401 - a row
    """Return whether late money can still serve its purpose: purposes count whole amounts."""
    columns = (_P.c.purpose_kind, _P.c.purpose_id, _P.c.amount_minor)
    payment = db.session.execute(sa.select(*columns).where(_P.c.id == found.payment_id)).one()
    is_enough = found.amount_minor >= payment.amount_minor
    return bool(is_enough and accepts_late(payment.purpose_kind, payment.purpose_id))


def _proposal(kind: Kind, user_id: str | None) -> Resolution:
    possible = RESOLUTIONS[kind]
    return next(one for one in possible if user_id is not None or one is not Resolution.CREDIT)


def _carry_out(found: Any, resolution: Resolution) -> None:  # noqa: ANN401 - a row
    if found.kind == Kind.WEBHOOK_MISSING:
        if resolution is Resolution.ACCEPT:
            _stand_in_for_webhook(found)
        return
    if not found.held:
        _end_dead_webhooks(found)
        return
    payment = None
    if found.payment_id:
        payment = db.session.execute(
            sa.select(_P).where(_P.c.id == found.payment_id).with_for_update()
        ).first()
    postings = _postings(found, payment, resolution)
    posting.post(
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
    to_purpose, rest = rules.split_accepted(amount, payment.amount_minor)
    postings = [Posting(SUSPENSE, payment.destination, to_purpose)]
    if rest:
        postings.append(Posting(SUSPENSE, user_wallet(found.user_id), rest))
    return postings


def _tell(payment: Any, postings: list[Posting], resolution: Resolution) -> None:  # noqa: ANN401 - a row
    """Tell the purpose: it has its money now, or it never will (unless it was told so before)."""
    if resolution is Resolution.ACCEPT:
        outbox.emit(PaymentSettled.about(payment._mapping, amount_minor=postings[0].amount_minor))
    elif payment.released_at is None:
        now = clock.now()
        db.session.execute(
            sa.update(_P).where(_P.c.id == payment.id).values(released_at=now, updated_at=now)
        )
        outbox.emit(PaymentFailed.about(payment._mapping))
    live.changed("payment", payment.id)


def _stand_in_for_webhook(found: Any) -> None:  # noqa: ANN401 - a row
    """Let a person be the second witness; the money still needs a fresh status query."""
    claim = found.detail.split(" ", 1)[0]
    query = sa.select(_P.c.claimed).where(_P.c.id == found.payment_id).with_for_update()
    claimed = rules.higher_status(db.session.execute(query).scalar_one(), claim)
    values: dict[str, Any] = {"claimed_failed": True} if claim == "FAILED" else {"claimed": claimed}
    db.session.execute(sa.update(_P).where(_P.c.id == found.payment_id).values(values))
    payload = {"payment_id": found.payment_id}
    outbox.add("payments.check", f"check:{found.id}", payload, lane=found.gateway)


def _end_dead_webhooks(found: Any) -> None:  # noqa: ANN401 - a row
    """Let go of webhooks that died over what a person has judged now."""
    is_its = _I.c.payment_id == found.payment_id if found.payment_id else sa.false()
    db.session.execute(
        sa.update(_I).where(is_its, _I.c.state == "dead").values(state="done", done_at=clock.now())
    )
    live.changed("inbox", "all")


def _close(exception_id: str, resolution: Resolution, *, actor: str, reason: str) -> None:
    move_row(
        _X,
        exception_id,
        "resolved",
        payment_exception_event,
        before="open",
        field="state",
        actor=actor,
        pages=(("exceptions", "open"),),
        reason=f"{resolution}: {reason}" if reason else str(resolution),
        values={
            "resolution": resolution,
            "resolved_by": actor,
            "resolved_at": clock.now(),
        },
    )
