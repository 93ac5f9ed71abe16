"""Payments with tokens: no gateway takes part, the contract's event pays them.

`token_payments` decides when; here a payment is opened, settled and ended.
"""

from collections.abc import Mapping
from datetime import datetime

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import insert_ignore, new_id, record_event
from crowdfund.kernel.moving import move_row
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.payments import queries, rules
from crowdfund.payments.events import PaymentExpired, PaymentSettled
from crowdfund.payments.models import Payment, payment_event
from crowdfund.payments.rows import PaymentRow
from crowdfund.payments.rules import Status
from crowdfund.payments.service import starting
from crowdfund.payments.service.starting import NewPayment

_P = Payment.__table__


def start(wanted: NewPayment, *, key: str, until: datetime) -> tuple[str, bool]:
    """Open a payment; return its id and whether it is new. The same key begins once.

    Raises Conflict when the key came before with other figures.
    """
    ledger_rules.account_kind(wanted.destination)
    now, payment_id = clock.now(), new_id()
    row = {
        **starting.first_values(wanted, key),
        "id": payment_id,
        "created_at": now,
        "updated_at": now,
        "expires_at": until,
        "checked_at": now,
    }
    if not insert_ignore(_P, [row]):
        return starting.same(key, wanted), False
    record_event(payment_event, payment_id, actor=wanted.user_id, before=None, after=Status.CREATED)
    return payment_id, True


def settle(payment_id: str, *, reference: str, reason: str) -> bool:
    """Book the tokens of a payment as received, once; return whether that was new.

    Also after it had expired or was cancelled: the contract has the money. Locks the payment, then
    the journal.
    """
    payment = queries.locked(payment_id)
    if payment is None or payment.status == Status.SETTLED:
        return False
    received = {
        "received_minor": payment.amount_minor,
        "received_currency": payment.currency,
        "tx_id": reference,
        "updated_at": clock.now(),
    }
    _move(payment, Status.SETTLED, received, reason=reason)
    outbox.emit(PaymentSettled.about(payment))
    posting.post(
        f"payment:{payment.id}:settled",
        [Posting(ledger_rules.OUTSIDE_WALLETS, payment.destination, payment.amount_minor)],
        kind="payment.with_tokens",
        ref={"payment": payment.id},
        currency=payment.currency,
    )
    return True


def expire(payment_id: str) -> None:
    """End an unpaid payment; its purpose is notified."""
    payment = queries.locked(payment_id)
    if payment is None or payment.status not in rules.UNPAID:
        return
    now = clock.now()
    values = {"released_at": now, "updated_at": now}
    _move(payment, Status.EXPIRED, values, reason="No tokens came in time.")
    outbox.emit(PaymentExpired.about(payment))


def _move(payment: PaymentRow, to: Status, values: Mapping[str, object], *, reason: str) -> None:
    move_row(
        _P,
        payment.id,
        to,
        payment_event,
        before=payment.status,
        actor="system",
        reason=reason,
        pages=(("payment", payment.id),),
        values=values,
    )
