"""Close an exception, with its history and the pages that show it."""

from collections.abc import Mapping

from crowdfund.kernel import clock
from crowdfund.kernel.moving import move_row
from crowdfund.payments.models import PaymentException, payment_exception_event
from crowdfund.payments.rules import Resolution

_X = PaymentException.__table__


def close(
    exception_id: str,
    resolution: Resolution,
    *,
    actor: str,
    reason: str,
    values: Mapping[str, object] | None = None,
) -> None:
    """Move an open exception to resolved; what was done about its money is the caller's.

    `values` are columns that are set with it.
    """
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
            **(values or {}),
        },
    )
