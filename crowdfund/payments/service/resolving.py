"""What staff decide about held money and contradictions, and what that moves."""

import sqlalchemy as sa

from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.ledger.rules import SUSPENSE, Posting, clearing, external, user_wallet
from crowdfund.ledger.service import posting
from crowdfund.payments import queries, rules
from crowdfund.payments.events import MoneyCredited, PaymentFailed, PaymentSettled
from crowdfund.payments.models import Inbox, Payment, PaymentException
from crowdfund.payments.rows import ExceptionRow, PaymentRow
from crowdfund.payments.rules import RESOLUTIONS, Kind, Resolution
from crowdfund.payments.service import closing, keys, returning, short
from crowdfund.payments.service.purposes import accepts_late

_X, _P, _I = PaymentException.__table__, Payment.__table__, Inbox.__table__


def resolve(
    exception_id: str, resolution: str, *, actor: str, reason: str = "", reference: str = ""
) -> None:
    """Do what staff decided: move held money to where it belongs and notify the purpose.

    accept: to the purpose (of too much, the surplus goes to the person's wallet); credit: to the
    wallet; return: back through the gateway, which may fail and opens the exception again; by_hand:
    staff have sent it back at the bank, which calls that `reference`. Raises Conflict when it is
    resolved already or the resolution does not fit, Invalid; the payment's owner may not decide.
    """
    found = queries.exception(exception_id, lock=True)
    decision = check(found, resolution, actor=actor)
    ask = _("Enter a short reason why no action is needed.")
    needs_why = decision is Resolution.DISMISS or reason.strip()
    why = texts.reason(reason, least=5, most=texts.LONG_REASON, ask=ask) if needs_why else ""
    values = _about_return(decision, reference)
    return_id = _carry_out(found, decision, actor=actor)
    if return_id is not None:
        values["return_id"] = return_id
    closing.close(exception_id, decision, actor=actor, reason=why, values=values)
    if found.payment_id:
        live.changed("payment", found.payment_id)
    if found.held:
        key = f"{exception_id}:{found.return_id}" if found.return_id else exception_id
        facts: dict[str, object] = {"resolution": rules.outcome(decision)}
        returning.notify_owner(found, "resolved", key=key, facts=facts)


def _about_return(decision: Resolution, reference: str) -> dict[str, object]:
    """Return what is stored of a return that staff made at the bank. Raises Invalid."""
    if decision is not Resolution.BY_HAND:
        return {}
    known = texts.line(
        reference,
        "reference",
        _("Enter the reference that the bank gave for the transfer."),
        least=3,
        most=80,
    )
    return {"bank_reference": known, "returned_at": clock.now()}


def check(found: ExceptionRow, resolution: str, *, actor: str) -> Resolution:
    """Return a resolution that this person may choose now; raises Conflict otherwise."""
    if found.state != "open":
        raise Conflict(_("This payment has already been reviewed. Nothing was changed."))
    if resolution not in choices(found):
        raise Conflict(_("This decision does not fit this payment. Nothing was changed."))
    if actor == found.user_id:
        raise Conflict(_("You cannot decide about your own payment. A colleague has to."))
    if found.kind == Kind.TOO_LITTLE and short.is_being_completed(str(found.payment_id)):
        raise Conflict(
            _("The payer is paying the rest of this payment. Decide when that payment has ended.")
        )
    return Resolution(resolution)


def accept_late(payment_id: str, *, actor: str = "system", reason: str = "") -> bool:
    """Take a late payment after all (for a higher feature); False when none is waiting.

    Raises Conflict when the purpose has not registered that it accepts late money.
    """
    query = sa.select(_X.c.id).where(
        _X.c.key == keys.payment(payment_id, Kind.LATE), _X.c.state == "open"
    )
    exception_id = db.session.scalar(query)
    if exception_id is None:
        return False
    resolve(exception_id, Resolution.ACCEPT, actor=actor, reason=reason)
    return True


def choices(found: ExceptionRow) -> tuple[Resolution, ...]:
    """Return what may be done about an exception, the proposal first."""
    possible = RESOLUTIONS[Kind(found.kind)]
    if found.user_id is None:
        possible = tuple(one for one in possible if one is not Resolution.CREDIT)
    if keys.claims_money(found.key):
        possible = tuple(one for one in possible if one is not Resolution.DISMISS)
    if not returning.is_possible(found):
        possible = tuple(one for one in possible if one is not Resolution.RETURN)
    has_ended = found.kind == Kind.LATE or found.return_id is not None
    if has_ended and not _is_welcome(found):
        possible = tuple(one for one in possible if one is not Resolution.ACCEPT)
    return possible


def preview(found: ExceptionRow, resolution: Resolution) -> list[Posting]:
    """Return what a decision would move now (minor units); nothing when no money is held."""
    if not found.held or resolution is Resolution.DISMISS:
        return []
    payment = queries.find(found.payment_id) if found.payment_id else None
    return _postings(found, payment, resolution)


def _is_welcome(found: ExceptionRow) -> bool:
    """Return whether money can still serve its purpose, which was notified that none comes.

    Purposes count whole amounts.
    """
    if found.payment_id is None:
        return False
    payment = queries.get(str(found.payment_id))
    is_enough = found.amount_minor >= payment.amount_minor and payment.rest_of is None
    return is_enough and accepts_late(payment.purpose_kind, payment.purpose_id)


def _carry_out(found: ExceptionRow, resolution: Resolution, *, actor: str) -> str | None:
    """Move the money of a decision; return the id of its return through the gateway, if any."""
    if found.kind == Kind.WEBHOOK_MISSING:
        if resolution is Resolution.ACCEPT:
            _stand_in_for_webhook(found)
        return None
    if not found.held:
        _end_dead_webhooks(found)
        return None
    payment = queries.locked(found.payment_id) if found.payment_id else None
    postings = _postings(found, payment, resolution)
    return_id = None
    if resolution is Resolution.RETURN:
        return_id = returning.send(found, actor=actor)
    else:
        _post(found, postings, resolution)
    if payment is not None and found.kind != Kind.DUPLICATE:
        _notify_purpose(payment, postings, resolution)
    return return_id


def _post(found: ExceptionRow, postings: list[Posting], resolution: Resolution) -> None:
    _emit_credited(found, postings)
    posting.post(
        f"exception:{found.id}:{resolution}",
        postings,
        kind=f"payment.exception.{resolution}",
        ref={"exception": found.id, "payment": found.payment_id or "", "tx_id": found.tx_id or ""},
        currency=found.currency,
    )


def _emit_credited(found: ExceptionRow, postings: list[Posting]) -> None:
    """Emit what of a decision goes to the wallet of the payer, who may send it back."""
    if found.user_id is None:
        return
    wallet = user_wallet(found.user_id)
    credited = sum(one.amount_minor for one in postings if one.destination == wallet)
    if credited:
        event = MoneyCredited(
            key=found.id,
            exception_id=found.id,
            user_id=found.user_id,
            amount_minor=credited,
            currency=found.currency,
        )
        outbox.emit(event)


def _postings(
    found: ExceptionRow, payment: PaymentRow | None, resolution: Resolution
) -> list[Posting]:
    """Return what a decision moves. Raises ValueError for one that `choices` does not offer."""
    amount = found.amount_minor
    if resolution is Resolution.RETURN:
        return [Posting(SUSPENSE, clearing(found.gateway), amount)]
    if resolution is Resolution.BY_HAND:
        return [Posting(SUSPENSE, external(found.gateway), amount)]
    if resolution is Resolution.CREDIT:
        return [Posting(SUSPENSE, user_wallet(found.owner_id), amount)]
    if payment is None:
        raise ValueError(f"exception {found.id} has no payment to accept")
    to_purpose, rest = rules.split_accepted(amount, payment.amount_minor)
    postings = [Posting(SUSPENSE, payment.destination, to_purpose)]
    if rest:
        postings.append(Posting(SUSPENSE, user_wallet(found.owner_id), rest))
    return postings


def _notify_purpose(payment: PaymentRow, postings: list[Posting], resolution: Resolution) -> None:
    """Emit that the purpose has its money, or that it never will if that is news."""
    if resolution is Resolution.ACCEPT and payment.rest_of is not None:
        _complete(queries.get(payment.rest_of), payment)
    elif resolution is Resolution.ACCEPT:
        outbox.emit(PaymentSettled.about(payment, amount_minor=postings[0].amount_minor))
    elif payment.released_at is None:
        now = clock.now()
        db.session.execute(
            sa.update(_P).where(_P.c.id == payment.id).values(released_at=now, updated_at=now)
        )
        if payment.rest_of is None:
            outbox.emit(PaymentFailed.about(payment))
    live.changed("payment", payment.id)


def _complete(first: PaymentRow, rest: PaymentRow) -> None:
    """Move the parts that came before along with a rest that was accepted. Raises Conflict."""
    drafts = short.completed_by(first, rest.amount_minor)
    if not drafts:
        raise Conflict(_("This decision does not fit this payment. Nothing was changed."))
    posting.post_many(drafts)
    outbox.emit(PaymentSettled.about(first))
    live.changed("payment", first.id)


def _stand_in_for_webhook(found: ExceptionRow) -> None:
    """Store the decision like a webhook's claim; the money still needs a fresh status query."""
    claim = found.detail.split(" ", 1)[0]
    query = sa.select(_P.c.claimed).where(_P.c.id == found.payment_id).with_for_update()
    claimed = rules.higher_status(db.session.execute(query).scalar_one(), claim)
    values = {"claimed_failed": True} if claim == "FAILED" else {"claimed": claimed}
    db.session.execute(sa.update(_P).where(_P.c.id == found.payment_id).values(values))
    payload = {"payment_id": found.payment_id}
    outbox.add("payments.check", f"check:{found.id}", payload, lane=found.gateway)


def _end_dead_webhooks(found: ExceptionRow) -> None:
    """Mark as done the dead webhooks of a payment about which staff have decided."""
    is_its = _I.c.payment_id == found.payment_id if found.payment_id else sa.false()
    db.session.execute(
        sa.update(_I).where(is_its, _I.c.state == "dead").values(state="done", done_at=clock.now())
    )
    live.changed("inbox", "all")
