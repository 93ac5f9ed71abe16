"""I4: a payment that succeeded has one entry for each step, one that did not has none."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.ledger.models import Entry
from crowdfund.payments.models import Payment
from crowdfund.reports.rows import BookedRow

STEPS = (("succeeded", ("succeeded", "settled", "reversed")), ("settled", ("settled",)))
MOST = 100
_P, _E = Payment.__table__, Entry.__table__


def payments(ids: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """Yield (id, sentence) for each payment whose status and entries differ.

    With ids, of these payments only.
    """
    for step, statuses in STEPS:
        key = sa.literal("payment:") + _P.c.id + f":{step}"
        query = sa.select(*columns(BookedRow, _P, entry_id=_E.c.id)).outerjoin(_E, _E.c.key == key)
        is_due, is_booked = _P.c.status.in_(statuses), _E.c.id.is_not(None)
        query = query.where(is_due != is_booked).limit(MOST)
        if ids is not None:
            query = query.where(_P.c.id.in_(ids))
        for row in read_all(BookedRow, query):
            entry = row.entry_id or "none"
            yield row.id, f"I4 payment {row.id} is {row.status}; entry for {step}: {entry}"
