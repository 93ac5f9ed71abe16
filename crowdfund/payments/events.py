"""What became of a payment, for the features that asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from crowdfund.kernel.outbox import Event
from crowdfund.payments.rows import AnyPayment
from crowdfund.payments.rules import Status


@dataclass(frozen=True, kw_only=True)
class PaymentEvent(Event):
    """Base: the payment, what it is for, and the amount in minor units."""

    payment_id: str
    purpose_kind: str
    purpose_id: str
    user_id: str
    amount_minor: int
    currency: str

    @classmethod
    def about(cls, payment: AnyPayment, *, amount_minor: int | None = None) -> Self:
        """Return the event of a payment, the same one each time."""
        return cls(
            key=payment.id,
            payment_id=payment.id,
            purpose_kind=payment.purpose_kind,
            purpose_id=payment.purpose_id,
            user_id=payment.user_id,
            amount_minor=payment.amount_minor if amount_minor is None else amount_minor,
            currency=payment.currency,
        )


@dataclass(frozen=True, kw_only=True)
class PaymentSucceeded(PaymentEvent, name="payment.succeeded"):
    """The bank has taken the money and has not handed it over."""


@dataclass(frozen=True, kw_only=True)
class PaymentSettled(PaymentEvent, name="payment.settled"):
    """The money is here, or staff have accepted what was received instead."""


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(PaymentEvent, name="payment.failed"):
    """No money will come, or what was received went back."""


@dataclass(frozen=True, kw_only=True)
class PaymentReversed(PaymentEvent, name="payment.reversed"):
    """The bank took the money and gave it back before settlement."""


@dataclass(frozen=True, kw_only=True)
class PaymentExpired(PaymentEvent, name="payment.expired"):
    """Nobody paid in time."""


@dataclass(frozen=True, kw_only=True)
class MoneyCredited(Event, name="payment.credited"):
    """Money that was not as expected is in its payer's wallet, by a decision; minor units."""

    exception_id: str
    user_id: str
    amount_minor: int
    currency: str


OF_STATUS: Mapping[Status, type[PaymentEvent]] = {
    Status.SUCCEEDED: PaymentSucceeded,
    Status.SETTLED: PaymentSettled,
    Status.FAILED: PaymentFailed,
    Status.REVERSED: PaymentReversed,
    Status.EXPIRED: PaymentExpired,
}
