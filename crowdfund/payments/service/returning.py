"""Held money goes back to its payer through the gateway that brought it.

Orders to a gateway are made by a higher feature, which registers here how. It reports back how
the return has ended: the money has left us, or it is in suspense again and staff decide again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crowdfund.adapters import gateways
from crowdfund.kernel import clock, live
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.notifications import service
from crowdfund.payments import queries
from crowdfund.payments.models import PaymentException, payment_exception_event
from crowdfund.payments.rows import ExceptionRow
from crowdfund.payments.service import exceptions

_X = PaymentException.__table__
FAILED = "The bank could not send the money back to the account that paid."


@dataclass(frozen=True, slots=True)
class Back:
    """What goes back (minor units), and the gateway's transaction that brought it."""

    exception_id: str
    payment_id: str | None
    user_id: str | None
    amount_minor: int
    currency: str
    gateway: str
    source_tx: str
    actor: str


# `payouts` is above this feature, so it registers here what it does.
_senders: list[Callable[[Back], str]] = []


def register_sender(send: Callable[[Back], str]) -> None:
    """Register who moves held money out of suspense and returns the id of its return."""
    _senders[:] = [send]


def is_possible(found: ExceptionRow) -> bool:
    """Return whether the gateway that brought held money can send it back to who paid."""
    return bool(_senders and found.held and found.tx_id and gateways.can_refund(found.gateway))


def send(found: ExceptionRow, *, actor: str) -> str:
    """Begin the return of a locked exception's money; return its id. Raises Conflict."""
    if not is_possible(found):
        raise Conflict(
            _(
                "The gateway cannot send this money back to the account that paid. Send it at the "
                "bank, then choose that it was returned by hand."
            )
        )
    return _senders[0](
        Back(
            exception_id=found.id,
            payment_id=found.payment_id,
            user_id=found.user_id,
            amount_minor=found.amount_minor,
            currency=found.currency,
            gateway=found.gateway,
            source_tx=str(found.tx_id),
            actor=actor,
        )
    )


def confirm(exception_id: str, return_id: str) -> None:
    """Note that a return has reached the payer, and notify them once."""
    found = queries.exception(exception_id, lock=True)
    is_its = (_X.c.id == exception_id, _X.c.return_id == return_id)
    db.session.execute(_X.update().where(*is_its).values(returned_at=clock.now()))
    _show(found)
    notify_owner(found, "returned", key=return_id)


def reopen(exception_id: str, return_id: str, *, reason: str = "") -> None:
    """Let staff decide again about money that could not go back; the caller has put it back.

    Does nothing the second time.
    """
    found = queries.exception(exception_id, lock=True)
    detail = f"{FAILED} {reason}".strip()[:300]
    was_resolved = move_row(
        _X,
        exception_id,
        "open",
        payment_exception_event,
        before="resolved",
        field="state",
        actor="system",
        reason=detail,
        pages=(("exceptions", "open"),),
        values=dict.fromkeys(("resolution", "resolved_by", "resolved_at")),
    )
    if was_resolved:
        _show(found)
        service.queue_work("staff.payments", key=f"exception:{exception_id}:{return_id}")
        notify_owner(found, "not_returned", key=return_id)


def notify_owner(
    found: ExceptionRow, what: str, *, key: str, facts: dict[str, object] | None = None
) -> None:
    """Notify the payer of held money, if they are known, once for each key."""
    if found.user_id is None:
        return
    money = {"amount_minor": found.amount_minor, "currency": found.currency}
    exceptions.notify_owner(found.user_id, found.payment_id, what, money | (facts or {}), key=key)


def _show(found: ExceptionRow) -> None:
    if found.payment_id:
        live.changed("payment", found.payment_id)
