"""Note what was refunded, by the transaction of the gateway that brought it."""

from dataclasses import dataclass

import sqlalchemy as sa

from crowdfund.investments.events import InvestmentReturned
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db, new_id
from crowdfund.payments import queries as payments
from crowdfund.payments.events import MoneyCredited
from crowdfund.refunds import queries
from crowdfund.refunds.models import Refund
from crowdfund.refunds.rules import SourceKind
from crowdfund.refunds.service import reminding

_R = Refund.__table__


@dataclass(frozen=True, slots=True)
class _Part:
    """What one transaction of a gateway brought of a refund; minor units."""

    payment_id: str | None
    gateway: str
    tx_id: str | None
    amount_minor: int


def investment_returned(event: InvestmentReturned) -> None:
    """Note the refund of an investment: one for each transaction that brought its money."""
    left, parts = event.amount_minor, []
    for payment in payments.that_brought(event.payment_id):
        amount = min(left, payment.received_minor or 0)
        if amount > 0 and payment.received_currency == event.currency:
            parts.append(_Part(payment.id, payment.gateway, payment.tx_id, amount))
            left -= amount
    for number, part in enumerate(parts):
        _add(
            event.user_id,
            event.currency,
            (SourceKind.INVESTMENT, event.investment_id),
            number,
            part,
        )


def money_credited(event: MoneyCredited) -> None:
    """Note money that was not as expected and was credited to its payer's wallet."""
    found = payments.exception(event.exception_id)
    part = _Part(found.payment_id, found.gateway, found.tx_id, event.amount_minor)
    _add(event.user_id, event.currency, (SourceKind.EXCEPTION, found.id), 0, part)


def _add(
    user_id: str, currency: str, source: tuple[SourceKind, str], number: int, part: _Part
) -> None:
    """Add a refund, once for what was refunded and its part; then what its person wants of all."""
    kind, thing_id = source
    key = f"{kind}:{thing_id}:{number}"
    if db.session.scalar(sa.select(_R.c.id).where(_R.c.key == key)) is not None:
        return
    refund = Refund(
        id=new_id(),
        key=key,
        user_id=user_id,
        source_kind=kind,
        source_id=thing_id,
        payment_id=part.payment_id,
        gateway=part.gateway,
        tx_id=part.tx_id,
        amount_minor=part.amount_minor,
        currency=currency,
        credited_at=clock.now(),
        reminded_days=0,
    )
    db.session.add(refund)
    db.session.flush()
    reminding.queue_next(refund)
    for topic in (("wallet", user_id), ("refunds", user_id), ("portfolio", user_id)):
        live.changed(*topic)
    if queries.sends_back_always(user_id):
        outbox.add("refunds.send_back", f"refund:{refund.id}:back", {"refund_id": refund.id})
