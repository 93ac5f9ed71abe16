"""Begin a further payment for the rest of one that came short."""

from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.payments.service import short, starting


class RestNotPossible(Conflict):
    """The rest of this payment cannot be paid any more."""

    code = "rest_not_possible"


def begin(payment_id: str) -> str:
    """Begin to collect what is missing of a payment, and return the new payment's id.

    While one is on its way, that one is returned: a rest is never collected twice. Raises
    RestNotPossible after the deadline, or when staff have decided about what came.
    """
    rest = short.rest(payment_id, lock=True)
    if rest is not None and rest.under_way is not None:
        return rest.under_way.id
    if rest is None or not rest.is_open:
        raise RestNotPossible(
            _("The rest can no longer be paid. Nothing was charged. We will notify you.")
        )
    first = rest.first
    number = len(short.rest_ids(first.id)) + 1
    return starting.start(
        starting.NewPayment(
            user_id=first.user_id,
            amount_minor=rest.missing_minor,
            currency=first.currency,
            gateway=first.gateway,
            purpose=(first.purpose_kind, first.purpose_id),
            destination=first.destination,
            description=first.description,
            rest_of=first.id,
            expires_at=rest.until,
        ),
        key=f"rest:{first.id}:{number}",
    )
