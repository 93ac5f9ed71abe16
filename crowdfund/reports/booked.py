"""I4: a payment that succeeded has one entry for each step, one that did not has none."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.ledger.models import Entry
from crowdfund.payments.models import Payment

STEPS = (("succeeded", ("succeeded", "settled", "reversed")), ("settled", ("settled",)))
MOST = 100


def payments(ids: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """Yield (id, sentence) for each payment whose status and entries differ; with ids, of these only."""
    for step, statuses in STEPS:
        key = sa.literal("payment:") + Payment.id + f":{step}"
        query = sa.select(Payment.id, Payment.status, Entry.id.label("entry_id"))
        query = query.outerjoin(Entry, Entry.key == key)
        should, has = Payment.status.in_(statuses), Entry.id.is_not(None)
        query = query.where(should != has).limit(MOST)
        for row in db.session.execute(
            query if ids is None else query.where(Payment.id.in_(ids))
        ).all():
            yield (
                row.id,
                f"I4 payment {row.id} is {row.status}; entry for {step}: {row.entry_id or 'none'}",
            )
