"""Money that came short: its payer may pay the rest by a further payment for the same purpose.

What came stays in suspense, under its exception, until the rest is settled. Then all parts go to
the purpose in one transaction, and the purpose hears of one settled payment: the first one. While
a rest is on its way, staff do not decide about the parts. Amounts are minor units.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.ledger.rules import SUSPENSE, Draft, Posting
from crowdfund.payments import queries, rules
from crowdfund.payments.models import Payment, PaymentException
from crowdfund.payments.rows import PaymentRow, ShortRow
from crowdfund.payments.rules import Kind, Resolution
from crowdfund.payments.service import closing, purposes

_P, _X = Payment.__table__, PaymentException.__table__


@dataclass(frozen=True, slots=True)
class Rest:
    """What is missing of a payment, until when it can be paid, and a payment of it on its way."""

    first: PaymentRow
    received_minor: int
    until: datetime
    under_way: PaymentRow | None

    @property
    def missing_minor(self) -> int:
        """Return what is missing."""
        return self.first.amount_minor - self.received_minor

    @property
    def is_open(self) -> bool:
        """Return whether a payment of the rest may begin now."""
        return self.under_way is None and clock.now() < self.until


def rest(payment_id: str, *, lock: bool = False) -> Rest | None:
    """Return the rest of a payment that came short (or of which this one is a rest), or None.

    None as well when its purpose takes no rest, or staff have decided about what came.
    """
    first = _first(payment_id)
    until = purposes.rest_until(first.purpose_kind, first.purpose_id)
    parts = open_parts(first.id, lock=lock)
    if until is None or not any(part.payment_id == first.id for part in parts):
        return None
    opened_at = min(part.created_at for part in parts)
    received = sum(part.amount_minor for part in parts)
    return Rest(first, received, min(until, opened_at + rules.LIFETIME), under_way(first.id))


def _first(payment_id: str) -> PaymentRow:
    payment = queries.get(payment_id)
    return queries.get(payment.rest_of) if payment.rest_of else payment


def open_parts(first_id: str, *, lock: bool = False) -> list[ShortRow]:
    """Return what came short for a payment and its rests and is not decided, oldest first."""
    query = sa.select(*columns(ShortRow, _X)).where(
        _X.c.payment_id.in_([first_id, *rest_ids(first_id)]),
        _X.c.kind == Kind.TOO_LITTLE,
        _X.c.held == sa.true(),
        _X.c.state == "open",
        _X.c.return_id.is_(None),  # its purpose has ended, even if the money could not go back
    )
    query = query.order_by(_X.c.id)
    return read_all(ShortRow, query.with_for_update() if lock else query)


def rest_ids(first_id: str) -> list[str]:
    """Return the payments that were begun for the rest of a payment, oldest first."""
    query = sa.select(_P.c.id).where(_P.c.rest_of == first_id)
    return list(db.session.scalars(query.order_by(_P.c.id)))


def under_way(first_id: str) -> PaymentRow | None:
    """Return the payment of a rest that may still complete the first payment, or None.

    It is unpaid or not settled yet, or has brought too much, which staff may accept.
    """
    is_too_much = sa.exists().where(
        _X.c.payment_id == _P.c.id,
        _X.c.kind == Kind.TOO_MUCH,
        _X.c.held == sa.true(),
        _X.c.state == "open",
    )
    is_moving = _P.c.status.in_((*rules.UNPAID, rules.Status.SUCCEEDED))
    query = sa.select(*queries.COLUMNS).where(
        _P.c.rest_of == first_id, sa.or_(is_moving, is_too_much)
    )
    return read_first(PaymentRow, query.order_by(_P.c.id.desc()))


def is_being_completed(payment_id: str) -> bool:
    """Return whether a rest is on its way for what came of this payment."""
    return under_way(_first(payment_id).id) is not None


def completed_by(first: PaymentRow, rest_minor: int) -> list[Draft]:
    """Close the parts of a payment that this rest completes; return the entries that move them.

    Nothing when they do not add up to the payment: staff have decided about one of them.
    """
    parts = open_parts(first.id, lock=True)
    if rest_minor + sum(part.amount_minor for part in parts) != first.amount_minor:
        return []
    for part in parts:
        closing.close(part.id, Resolution.TOP_UP, actor="system", reason="The rest was paid.")
    return [_draft(first, part) for part in parts]


def _draft(first: PaymentRow, part: ShortRow) -> Draft:
    return Draft(
        f"exception:{part.id}:{Resolution.TOP_UP}",
        (Posting(SUSPENSE, first.destination, part.amount_minor),),
        f"payment.exception.{Resolution.TOP_UP}",
        first.currency,
        (("exception", part.id), ("payment", part.payment_id), ("tx_id", part.tx_id or "")),
    )
