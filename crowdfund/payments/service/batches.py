"""The working copies of some payments, and everything that one transaction writes about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.adapters.gateways import Truth
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import Prepared, driver, new_id
from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.ledger import queries as ledger_queries
from crowdfund.ledger.rules import SUSPENSE, Draft, Posting, clearing, external
from crowdfund.ledger.service import posting
from crowdfund.payments import queries, rules
from crowdfund.payments.events import OF_STATUS, PaymentEvent, PaymentSettled, PaymentSucceeded
from crowdfund.payments.models import GatewayCustomer, Payment, payment_event
from crowdfund.payments.rows import LockedPayment
from crowdfund.payments.rules import Kind, Status
from crowdfund.payments.service import exceptions, keys, short

_P, _C, _E = Payment.__table__, GatewayCustomer.__table__, payment_event
_CUSTOMER = sa.select(_C.c.cprn).where(_C.c.user_id == _P.c.user_id, _C.c.gateway == _P.c.gateway)
_LOCKED = sa.select(*columns(LockedPayment, _P, customer_ref=_CUSTOMER.scalar_subquery()))
_SAVED = (
    "status",
    "tx_id",
    "checkout_url",
    "claimed",
    "claimed_failed",
    "received_minor",
    "received_currency",
    "reported",
    "reported_at",
    "released_at",
    "last_error",
    "updated_at",
    "checked_at",
)
_SAVE = Prepared(
    sa.update(_P)
    .where(_P.c.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(name) for name in _SAVED})
)
_EVENT_COLUMNS = ("id", "payment_id", "actor", "from_status", "to_status", "reason", "at")
_ADD_EVENT = Prepared(sa.insert(_E), *_EVENT_COLUMNS)
_TICK = timedelta(microseconds=1)  # keeps the order of steps that happen at once


@dataclass(slots=True)
class Batch:
    """Payments locked by the current transaction; `save` writes what became of them."""

    payments: dict[str, LockedPayment]
    by_tx: dict[tuple[str, str | None], LockedPayment]
    changed: dict[str, LockedPayment] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    reversed_ids: list[str] = field(default_factory=list)
    steps: list[dict[str, object]] = field(default_factory=list)
    events: list[PaymentEvent] = field(default_factory=list)
    answered: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, *, ids: Iterable[str] = (), pairs: Iterable[tuple[str, str]] = ()) -> Self:
        """Lock payments, in the order of their ids, by id or by (gateway, tx_id)."""
        of_pairs = sa.tuple_(_P.c.gateway, _P.c.tx_id).in_(list(pairs))
        query = _LOCKED.where(sa.or_(_P.c.id.in_(list(ids)), of_pairs)).order_by(_P.c.id)
        rows = read_all(LockedPayment, query.with_for_update())
        return cls({row.id: row for row in rows}, {(row.gateway, row.tx_id): row for row in rows})

    def of_customer(self, gateway: str, truth: Truth) -> LockedPayment | None:
        """Return the payment to which a transaction of its customer refers, or None."""
        payment = self.payments.get(truth.reference)
        if payment is None or payment.gateway != gateway:
            return None
        return payment if payment.customer_ref == truth.customer_ref else None

    def adopt_by_reference(self, gateway: str, truth: Truth) -> LockedPayment | None:
        """Adopt a transaction whose answer to `initiate` was lost: it names our reference."""
        payment = self.of_customer(gateway, truth)
        if payment is None or payment.tx_id is not None:
            return None
        return payment if self.adopt(payment, truth) else None

    def adopt(self, payment: LockedPayment, truth: Truth) -> bool:
        """Give a payment its transaction; False when that belongs to other money already.

        Its payer can pay it from now on, as after an answer that was not lost.
        """
        if exceptions.is_taken(payment.gateway, truth.tx_id):
            return False
        payment.tx_id = truth.tx_id
        payment.checkout_url = gateways.get(payment.gateway).checkout_url(truth.tx_id)
        self.by_tx[payment.gateway, truth.tx_id] = payment
        if payment.status == Status.CREATED:
            self.enter(payment, Status.PENDING, None)
        self.touch(payment)
        return True

    def touch(self, payment: LockedPayment) -> None:
        """Write this payment at the end."""
        self.changed[payment.id] = payment

    def claim(self, payment: LockedPayment, claim: str) -> None:
        """Store what a confirmed webhook claims."""
        if claim == "FAILED":
            payment.claimed_failed = True
        elif claim:
            payment.claimed = rules.higher_status(payment.claimed, claim)
        self.touch(payment)

    def advance(self, payment: LockedPayment, truth: Truth) -> None:
        """Move a payment to the status on which its webhooks and the status query agree."""
        agreed = rules.agreed_status(
            payment.claimed, truth.status, claimed_failed=payment.claimed_failed
        )
        self.touch(payment)
        payment.checked_at = clock.now()
        if _figures_changed(payment, truth, agreed):
            why = "The gateway changed the amount after it had confirmed it."
            name = f"changed:{truth.amount_minor}{truth.currency}"
            self.open_exception(payment, Kind.CONTRADICTION, why, name=name)
            return
        is_settled = truth.status == "SETTLED" and rules.rank(agreed) > 0
        if is_settled and payment.status == Status.REVERSED:
            why = "The gateway settled what it had reversed before."
            self.open_exception(payment, Kind.CONTRADICTION, why, name="settled-after-reversal")
        for status in rules.path(payment.status, agreed):
            self.enter(payment, status, truth)

    def open_exception(
        self,
        payment: LockedPayment,
        kind: Kind,
        detail: str,
        *,
        name: str = "",
        held: bool = False,
        received: tuple[int, str] | None = None,
    ) -> None:
        """Open an exception of a payment, once for each name (of keys.py; by default the kind)."""
        exceptions.open_for_payment(
            payment, kind, detail, name=name or str(kind), held=held, received=received
        )

    def answer(self, payment: LockedPayment, *names: str) -> None:
        """Close open exceptions of a payment at the end: they have been cleared up since."""
        self.answered.setdefault(payment.id, set()).update(names)

    def enter(
        self, payment: LockedPayment, status: Status, truth: Truth | None, *, reason: str = ""
    ) -> None:
        """Enter the next status with its postings and its events."""
        before, payment.status = payment.status, status
        if status is Status.SUCCEEDED and truth is not None:
            self._succeed(payment, truth)
        elif status is Status.SETTLED:
            self._settle(payment)
        elif status in (Status.FAILED, Status.EXPIRED, Status.REVERSED):
            self._release(payment, status)
        self.steps.append(
            {
                "id": new_id(),
                "payment_id": payment.id,
                "actor": "system",
                "from_status": before,
                "to_status": status,
                "reason": reason,
                "at": clock.now() + len(self.steps) * _TICK,
            }
        )
        self.touch(payment)

    def emit(self, event: type[PaymentEvent], payment: LockedPayment) -> None:
        """Emit an event of a payment with the rest of the batch."""
        self.events.append(event.about(payment))

    def save(self) -> None:
        """Write everything: payments, journal, history, events."""
        now = clock.now()
        for payment in self.changed.values():
            payment.updated_at = now
            live.changed("payment", payment.id)
        if self.changed:
            with driver() as sql:
                sql.send(_SAVE, [_saved_values(payment) for payment in self.changed.values()])
        posting.post_many(self.drafts)
        for payment_id in self.reversed_ids:
            _reverse(payment_id)
        if self.steps:
            with driver() as sql:
                sql.send(_ADD_EVENT, self.steps)
        if self.answered:
            exceptions.close_many(self.answered, reason="Gateway and webhooks agree since.")
        outbox.emit_many(self.events)

    def _succeed(self, payment: LockedPayment, truth: Truth) -> None:
        payment.received_minor, payment.received_currency = truth.amount_minor, truth.currency
        self._post(payment, "succeeded", external(payment.gateway), clearing(payment.gateway))
        self.answer(payment, keys.missing("SUCCESS"))
        if payment.released_at is None and payment.rest_of is None:
            self.emit(PaymentSucceeded, payment)

    def _settle(self, payment: LockedPayment) -> None:
        """Money is in: to its purpose if it fits exactly, else to suspense with an exception."""
        expected = payment.amount_minor, payment.currency
        is_released = payment.released_at is not None
        kind = rules.misfit(payment.received, expected, released=is_released)
        if kind is None and payment.rest_of is not None:
            kind = self._complete(payment, payment.rest_of)
        destination = SUSPENSE if kind else payment.destination
        self._post(payment, "settled", clearing(payment.gateway), destination)
        self.answer(payment, *keys.all_missing())
        if kind is None and payment.rest_of is None:
            self.emit(PaymentSettled, payment)
        elif kind is not None:
            detail, received = _MISFITS[kind], payment.received
            self.open_exception(payment, kind, detail, held=True, received=received)

    def _complete(self, payment: LockedPayment, first_id: str) -> Kind | None:
        """Move the parts that came before along with their rest, or return why they cannot be."""
        first = queries.get(first_id)
        drafts = short.completed_by(first, payment.amount_minor)
        if not drafts:
            return Kind.LATE
        self.drafts.extend(drafts)
        self.events.append(PaymentSettled.about(first))
        live.changed("payment", first_id)
        return None

    def _release(self, payment: LockedPayment, status: Status) -> None:
        """Notify the purpose that no money will come; a reversal takes back what was received.

        The end of a rest is no news: its purpose waits for what becomes of the first payment.
        """
        if status is Status.REVERSED:
            self.reversed_ids.append(payment.id)
        if payment.released_at is None:
            payment.released_at = clock.now()
            if payment.rest_of is None:
                self.emit(OF_STATUS[status], payment)
        self.answer(payment, *keys.all_missing())

    def _post(self, payment: LockedPayment, step: str, source: str, destination: str) -> None:
        amount_minor, currency = payment.received
        self.drafts.append(
            Draft(
                f"payment:{payment.id}:{step}",
                (Posting(source, destination, amount_minor),),
                f"payment.{step}",
                currency,
                (("payment", payment.id), ("tx_id", payment.tx_id or "")),
            )
        )


_MISFITS: Mapping[Kind, str] = {
    Kind.LATE: "The money arrived after the payment had ended.",
    Kind.TOO_LITTLE: "We received less than expected.",
    Kind.TOO_MUCH: "We received more than expected.",
    Kind.WRONG_CURRENCY: "We received another currency than expected.",
}


def _saved_values(payment: LockedPayment) -> dict[str, object]:
    return {"b_id": payment.id} | {name: getattr(payment, name) for name in _SAVED}


def _figures_changed(payment: LockedPayment, truth: Truth, agreed: str) -> bool:
    if payment.status != Status.SUCCEEDED or agreed != "SETTLED":
        return False
    return payment.received != (truth.amount_minor, truth.currency)


def _reverse(payment_id: str) -> None:
    entry_id = ledger_queries.id_of(f"payment:{payment_id}:succeeded")
    key = f"payment:{payment_id}:reversed"
    posting.reverse(key, entry_id, reason="The gateway took it back.")
