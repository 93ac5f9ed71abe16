"""What changes about payout accounts."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PayoutAccountChanged(Event, name="payout_account.changed"):
    """A verified payout account was replaced or removed."""

    person_id: str
