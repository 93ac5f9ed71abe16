"""What became of a booking, for the features above."""

from dataclasses import dataclass
from datetime import datetime

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class BookingPaid(Event, name="booking.paid"):
    """A payment of a booking has settled; minor units. One event for each payment.

    `is_first`: it is the booking's first settled payment, so the vehicle is kept for good.
    """

    booking_id: str
    user_id: str
    payment_id: str
    amount_minor: int
    currency: str
    is_first: bool
    settled_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(Event, name="booking.cancelled"):
    """A booking was cancelled; what it caused is reversed. `paid_minor` goes back to its buyer."""

    booking_id: str
    user_id: str
    paid_minor: int
    currency: str
    cancelled_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingDelivered(Event, name="booking.delivered"):
    """The vehicle was handed over."""

    booking_id: str
    user_id: str
    delivered_at: datetime
