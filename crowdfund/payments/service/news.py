"""Tell higher features what became of a payment."""

from collections.abc import Iterable, Mapping
from typing import Any

from crowdfund.kernel import outbox

Item = tuple[str, dict[str, Any]]


def payload(payment: Mapping[str, Any], *, amount_minor: int | None = None) -> dict[str, Any]:
    """Return what an event says: ids and the amount in minor units."""
    return {
        "payment_id": payment["id"],
        "purpose_kind": payment["purpose_kind"],
        "purpose_id": payment["purpose_id"],
        "user_id": payment["user_id"],
        "amount_minor": payment["amount_minor"] if amount_minor is None else amount_minor,
        "currency": payment["currency"],
    }


def emit(event: str, payment: Mapping[str, Any], *, amount_minor: int | None = None) -> None:
    """Emit one event of a payment, once for each payment and event."""
    emit_many([(event, payload(payment, amount_minor=amount_minor))])


def emit_many(items: Iterable[Item]) -> None:
    """Emit events of many payments in one statement."""
    rows = [
        (kind, f"{kind}:{body['payment_id']}"[:160], body)
        for event, body in items
        for kind in outbox.SUBSCRIBERS.get(event, [])
    ]
    if rows:
        outbox.add_many(rows)
