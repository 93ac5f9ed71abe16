"""Rows that queries of refunds return; amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund of a person."""

    id: str
    user_id: str
    source_kind: str
    source_id: str
    payment_id: str | None
    gateway: str
    tx_id: str | None
    amount_minor: int
    currency: str
    credited_at: datetime
    kept_at: datetime | None
    reminded_days: int


@dataclass(frozen=True, slots=True)
class OpenRefund:
    """A refund, what of it went back or is on its way back, and what is left in the wallet.

    `wallet_minor` is at most the rest: what the person has spent or withdrawn is not there.
    """

    refund: RefundRow
    returned_minor: int
    wallet_minor: int

    @property
    def spent_minor(self) -> int:
        """Return what was spent or withdrawn in another way."""
        return self.refund.amount_minor - self.returned_minor - self.wallet_minor
