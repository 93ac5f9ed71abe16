"""Cancel a payment that nobody has paid, for the feature that asked for it."""

from crowdfund.kernel import clock
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.payments import queries, rules
from crowdfund.payments.models import Payment, payment_event
from crowdfund.payments.rules import Status

_P = Payment.__table__


class AlreadyPaid(Conflict):
    """The gateway has taken the money, or says so: it cannot be cancelled any more."""

    code = "already_paid"


def cancel(payment_id: str, *, actor: str) -> None:
    """Cancel an unpaid payment for its purpose, which ends it itself: no event follows.

    Money that comes later is late, and waits for staff. Raises AlreadyPaid.
    """
    payment = queries.locked(payment_id)
    if payment is None or payment.status not in rules.UNPAID or payment.is_reported_paid:
        raise AlreadyPaid(
            _("The bank has already taken this payment, so it cannot be cancelled any more.")
        )
    now = clock.now()
    move_row(
        _P,
        payment_id,
        Status.CANCELLED,
        payment_event,
        before=payment.status,
        actor=actor,
        pages=(("payment", payment_id),),
        values={"released_at": now, "updated_at": now},
    )
