"""Reads of money that was not as expected: what came, what was decided, and every entry about it."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.ledger import queries as ledger
from crowdfund.payments import rules
from crowdfund.payments.models import Payment, PaymentException

_X, _P = PaymentException.__table__, Payment.__table__


def of_payment(payment_id: str) -> list[rules.Review]:
    """Return the reviews of money that came for a payment, oldest first, decided or not.

    What only a webhook or the gateway claims is no review: no money of it was booked.
    """
    columns = (_X.c.id, _X.c.kind, _X.c.amount_minor, _X.c.currency, _X.c.resolution, _X.c.resolved_at)
    query = sa.select(*columns, _P.c.amount_minor.label("expected_minor"))
    query = query.join(_P, _P.c.id == _X.c.payment_id)
    query = query.where(_X.c.payment_id == payment_id, _X.c.held == sa.true()).order_by(_X.c.id)
    return [_review(row) for row in db.session.execute(query)]


def _review(row: Any) -> rules.Review:  # noqa: ANN401 - a row
    to_purpose, _rest = rules.split_accepted(row.amount_minor, row.expected_minor)
    return rules.Review(
        row.id, row.kind, row.amount_minor, row.currency, row.resolution, row.resolved_at, to_purpose
    )


def misfit_of(payment_id: str) -> rules.Review | None:
    """Return the review of a payment's own money, or None when it came as expected or not at all."""
    return next((one for one in of_payment(payment_id) if one.is_misfit), None)


def entries(payment_id: str) -> list[dict[str, Any]]:
    """Return every entry about a payment, oldest first, with postings.

    Those of the payment itself, of decisions about its money, and of second payments for it, which
    are booked under their transaction.
    """
    query = sa.select(_X.c.id, _X.c.kind, _X.c.gateway, _X.c.tx_id).where(_X.c.payment_id == payment_id)
    found = ledger.entries_with_key_prefix("payment", payment_id)
    for row in db.session.execute(query.order_by(_X.c.id)).all():
        if row.kind == rules.Kind.DUPLICATE:
            found += ledger.entries_with_key_prefix("tx", f"{row.gateway}:{row.tx_id}")
        found += ledger.entries_with_key_prefix("exception", row.id)
    return sorted(found, key=lambda one: one["seq"])
