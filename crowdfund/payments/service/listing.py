"""Compare the gateway's own list with ours, as after a restore; staff decide about what is new."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crowdfund.adapters.gateways import Truth
from crowdfund.payments import queries
from crowdfund.payments.service import applying, unmatched
from crowdfund.payments.service.answers import Answer


@dataclass(slots=True)
class Listed:
    """What a comparison found; amounts in minor units by currency."""

    known: int = 0
    new: int = 0
    unsettled: int = 0
    suspense_minor: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Listed") -> None:
        """Count another page too."""
        for name in ("known", "new", "unsettled"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for currency, minor in other.suspense_minor.items():
            self.suspense_minor[currency] = self.suspense_minor.get(currency, 0) + minor


def compare_listed(gateway: str, truths: Sequence[Truth]) -> Listed:
    """Take a page of the gateway's list into the current transaction; repeating it changes nothing.

    Payments that we know are compared as after a status query. Settled money of a transaction that
    we do not know goes to suspense and becomes an exception, which staff credit or return. What is
    paid but not settled is only counted: its webhook is still to come, or the next list has it.
    """
    found = Listed()
    known = _known(gateway, truths)
    asked = {}
    for truth in truths:
        payment_id = known.get(truth.tx_id)
        if payment_id is not None:
            found.known += 1
            asked[payment_id] = truth
        elif truth.status == "SETTLED":
            _take(gateway, truth, found)
        elif truth.status == "SUCCESS":
            found.unsettled += 1
    if asked:
        applying.apply_truths(list(asked), _answers(gateway, asked))
    return found


def _known(gateway: str, truths: Sequence[Truth]) -> dict[str, str]:
    """Return the ids of payments by the gateway's name, also where its answer to us was lost."""
    rows = queries.by_tx([(gateway, truth.tx_id) for truth in truths])
    known = {row.tx_id: row.id for row in rows}
    for truth in truths:
        if truth.tx_id in known or not truth.reference:
            continue
        payment = queries.find(truth.reference)
        if payment is not None and payment.gateway == gateway and payment.tx_id is None:
            known[truth.tx_id] = payment.id
    return known


def _answers(gateway: str, asked: dict[str, Truth]) -> dict[tuple[str, str], Answer]:
    """Return answers by both names under which `apply_truths` may look for one."""
    found: dict[tuple[str, str], Answer] = {}
    for payment_id, truth in asked.items():
        found[gateway, truth.tx_id] = found[gateway, payment_id] = truth
    return found


def _take(gateway: str, truth: Truth, found: Listed) -> None:
    """Put settled money that no payment asked for into suspense, once, and open its exception."""
    if queries.is_held(gateway, truth.tx_id):
        found.known += 1
        return
    owner = queries.owner_of(gateway, truth.customer_ref)
    unmatched.suspend_now(
        gateway,
        truth,
        owner=owner,
        payment_id=_payment_of(gateway, owner, truth),
        detail="The bank's list has this money; our books have no payment for it.",
    )
    found.new += 1
    suspended_minor = found.suspense_minor.get(truth.currency, 0) + truth.amount_minor
    found.suspense_minor[truth.currency] = suspended_minor


def _payment_of(gateway: str, owner: str | None, truth: Truth) -> str | None:
    """Return the payment of this customer that a transaction refers to."""
    payment = queries.find(truth.reference) if truth.reference else None
    if payment is None or (payment.gateway, payment.user_id) != (gateway, owner):
        return None
    return payment.id
