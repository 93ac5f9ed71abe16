"""Rows that queries of payments return; amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as others see it."""

    id: str
    user_id: str
    gateway: str
    purpose_kind: str
    purpose_id: str
    destination: str
    description: str
    amount_minor: int
    currency: str
    status: str
    tx_id: str | None
    checkout_url: str | None
    claimed: str
    claimed_failed: bool
    received_minor: int | None
    received_currency: str | None
    reported: str
    came_back_at: datetime | None
    rest_of: str | None
    released_at: datetime | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    checked_at: datetime

    @property
    def is_final(self) -> bool:
        """Return whether nothing more is expected."""
        return self.status in ("settled", "failed", "expired", "cancelled", "reversed")

    @property
    def is_reported_paid(self) -> bool:
        """Return whether the gateway answers that the payer has paid, agreed on or not."""
        return self.reported in ("SUCCESS", "SETTLED")

    @property
    def is_received(self) -> bool:
        """Return whether money was received and not taken back; a mere claim does not count."""
        return self.received_minor is not None and self.status != "reversed"


@dataclass(slots=True)
class LockedPayment:
    """A payment that the current transaction has locked and changes; `Batch.save` writes it.

    `customer_ref` is its customer's number at the gateway, None until the customer is registered.
    """

    id: str
    user_id: str
    gateway: str
    purpose_kind: str
    purpose_id: str
    destination: str
    amount_minor: int
    currency: str
    status: str
    tx_id: str | None
    checkout_url: str | None
    claimed: str
    claimed_failed: bool
    received_minor: int | None
    received_currency: str | None
    reported: str
    reported_at: datetime | None
    came_back_at: datetime | None
    rest_of: str | None
    released_at: datetime | None
    last_error: str | None
    updated_at: datetime
    expires_at: datetime
    checked_at: datetime
    customer_ref: str | None

    @property
    def received(self) -> tuple[int, str]:
        """Return amount and currency of what was received. Raises ValueError if nothing was."""
        if self.received_minor is None or self.received_currency is None:
            raise ValueError(f"payment {self.id} has received nothing")
        return self.received_minor, self.received_currency


AnyPayment = PaymentRow | LockedPayment


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A payment by the gateway's name of its transaction."""

    id: str
    gateway: str
    tx_id: str
    status: str
    received_minor: int | None
    received_currency: str | None


@dataclass(frozen=True, slots=True)
class UnfinishedRow:
    """A payment to ask the gateway about; `name` is its transaction there, else our reference."""

    id: str
    gateway: str
    name: str


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook without its body."""

    id: str
    provider: str
    event_id: str
    received_at: datetime
    state: str
    attempts: int
    last_error: str | None
    payment_id: str | None
    next_try_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookDetail(WebhookRow):
    """A webhook with its body and the headers that were stored."""

    raw: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A webhook as a batch loads it; `raw` is None where its event was parsed before."""

    id: str
    provider: str
    attempts: int
    received_at: datetime
    waits_since: datetime | None
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """How many webhooks of a network were refused at a gateway."""

    gateway: str
    client: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """Something inexact that staff decide about; `held` says that its money is in suspense."""

    id: str
    key: str
    payment_id: str | None
    user_id: str | None
    gateway: str
    tx_id: str | None
    kind: str
    amount_minor: int
    currency: str
    held: bool
    detail: str
    proposed_resolution: str
    state: str
    resolution: str | None
    resolved_at: datetime | None
    return_id: str | None
    returned_at: datetime | None
    bank_reference: str | None
    created_at: datetime

    @property
    def owner_id(self) -> str:
        """Return whose money it is. Raises ValueError if that is not known."""
        if self.user_id is None:
            raise ValueError(f"exception {self.id} has no owner")
        return self.user_id


@dataclass(frozen=True, slots=True)
class ShortRow:
    """Held money that was less than its payment asked for."""

    id: str
    payment_id: str
    tx_id: str | None
    amount_minor: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CompletedRow:
    """A payment that came short and was completed, with the sum of all its parts."""

    id: str
    amount_minor: int
    parts_minor: int


@dataclass(frozen=True, slots=True)
class ReviewedRow:
    """Held money of a payment, with the amount that was expected."""

    id: str
    payment_id: str
    kind: str
    amount_minor: int
    currency: str
    resolution: str | None
    resolved_at: datetime | None
    return_id: str | None
    returned_at: datetime | None
    expected_minor: int


@dataclass(frozen=True, slots=True)
class PaymentTotal:
    """The number and the sums of payments with one status and one pair of currencies."""

    status: str
    currency: str
    received_currency: str | None
    count: int
    amount_minor: int
    received_minor: int
