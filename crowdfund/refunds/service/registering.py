"""Note what was refunded, by the transaction of the gateway that brought it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crowdfund.investments.events import InvestmentReturned
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db, new_id
from crowdfund.payments import queries as payments
from crowdfund.payments.events import MoneyCredited
from crowdfund.payments.rows import PaymentRow
from crowdfund.refunds import queries
from crowdfund.refunds.models import Refund
from crowdfund.refunds.rules import SourceKind
from crowdfund.refunds.service import reminding

_R = Refund.__table__


def investments_returned(events: Sequence[InvestmentReturned]) -> None:
    """Note the refunds of investments: one for each transaction that brought money of one."""
    brought = payments.that_brought_each({event.payment_id for event in events})
    _add([row for event in events for row in _of_investment(event, brought[event.payment_id])])


def _of_investment(
    event: InvestmentReturned, brought: Sequence[PaymentRow]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    left = event.amount_minor
    for payment in brought:
        amount = min(left, payment.received_minor or 0)
        if amount > 0 and payment.received_currency == event.currency:
            left -= amount
            rows.append(
                {
                    "key": f"{SourceKind.INVESTMENT}:{event.investment_id}:{len(rows)}",
                    "user_id": event.user_id,
                    "source_kind": SourceKind.INVESTMENT,
                    "source_id": event.investment_id,
                    "payment_id": payment.id,
                    "gateway": payment.gateway,
                    "tx_id": payment.tx_id,
                    "amount_minor": amount,
                    "currency": event.currency,
                }
            )
    return rows


def money_credited(event: MoneyCredited) -> None:
    """Note money that was not as expected and was credited to its payer's wallet."""
    found = payments.exception(event.exception_id)
    row = {
        "key": f"{SourceKind.EXCEPTION}:{found.id}:0",
        "user_id": event.user_id,
        "source_kind": SourceKind.EXCEPTION,
        "source_id": found.id,
        "payment_id": found.payment_id,
        "gateway": found.gateway,
        "tx_id": found.tx_id,
        "amount_minor": event.amount_minor,
        "currency": event.currency,
    }
    _add([row])


def _add(rows: Sequence[dict[str, Any]]) -> None:
    """Add refunds, each once for its key; then what their people want of all."""
    keys = [row["key"] for row in rows]
    known = set(db.session.scalars(sa.select(_R.c.key).where(_R.c.key.in_(keys))))
    now = clock.now()
    common = {"credited_at": now, "kept_at": None, "reminded_days": 0}
    new = [{"id": new_id()} | row | common for row in rows if row["key"] not in known]
    if not new:
        return
    db.session.execute(sa.insert(_R), new)
    reminding.queue_first([row["id"] for row in new], now)
    people = {row["user_id"] for row in new}
    for person_id in sorted(people):
        for topic in ("wallet", "refunds", "portfolio"):
            live.changed(topic, person_id)
    at_once = queries.who_sends_back_always(people)
    outbox.add_many(
        ("refunds.send_back", f"refund:{row['id']}:back", {"refund_id": row["id"]})
        for row in new
        if row["user_id"] in at_once
    )
