"""What a gateway answered to a status query, and whether that is about our payment at all."""

from collections.abc import Mapping
from dataclasses import dataclass

from crowdfund.adapters.gateways import Event, Truth
from crowdfund.payments import rules
from crowdfund.payments.rows import LockedPayment
from crowdfund.payments.rules import Report


@dataclass(frozen=True, slots=True)
class Unclear:
    """No usable answer this time; `is_malformed` when there was one that lacks a field."""

    why: str
    is_malformed: bool = False


@dataclass(frozen=True, slots=True)
class Foreign:
    """An answer about something else than was asked."""

    why: str


Answer = Truth | Unclear | Foreign | None
Answers = Mapping[tuple[str, str], Answer]


def about_payment(payment: LockedPayment, answer: Answer) -> Answer:
    """Return the answer if transaction, reference and customer are the payment's, else Foreign."""
    return checked(
        answer, tx_id=payment.tx_id, reference=payment.id, customer_ref=payment.customer_ref
    )


def about_event(event: Event, answer: Answer) -> Answer:
    """Return the answer if it names a webhook's transaction, else Foreign."""
    return checked(answer, tx_id=event.tx_id, reference=None, customer_ref=None)


def checked(
    answer: Answer, *, tx_id: str | None, reference: str | None, customer_ref: str | None
) -> Answer:
    """Return the answer if it names what is expected, else Foreign; None is not known yet."""
    if not isinstance(answer, Truth):
        return answer
    given = answer.tx_id, answer.reference, answer.customer_ref
    field = rules.difference(given, tx_id=tx_id, reference=reference, customer_ref=customer_ref)
    if field is None:
        return answer
    return Foreign(
        f"The gateway answered about another {field} ({answer.tx_id}). Nothing was moved."
    )


def report_of(found: Event | Truth) -> Report:
    """Return what a webhook or a status query says of a payment."""
    return Report(found.status, found.amount_minor, found.currency, found.customer_ref)
