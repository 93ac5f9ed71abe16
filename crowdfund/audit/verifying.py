"""Prove that nobody changed, removed or reordered what the audit log says."""

from collections.abc import Iterator
from itertools import islice
from typing import cast

import sqlalchemy as sa

from ..db import db
from .chaining import GENESIS, row_hash
from .models import AuditEntry, AuditHead

_T = cast(sa.Table, AuditEntry.__table__)
MOST = 20  # one change at the bottom is not told of a thousand times


def problems() -> list[str]:
    """Return a sentence for each row that was changed, removed or put elsewhere (I14)."""
    return list(islice(_broken(), MOST))


def _broken() -> Iterator[str]:
    link, number = GENESIS, 0
    rows = db.session.execute(sa.select(_T).order_by(_T.c.seq).execution_options(yield_per=1_000))
    for row in rows.mappings():
        number += 1
        if row["seq"] != number:
            gone = str(number) if row["seq"] == number + 1 else f"{number} to {row['seq'] - 1}"
            yield f"I14 audit entry {gone} is missing"
            number = row["seq"]
        elif row["previous"] != link:
            yield f"I14 audit entry {number} does not follow entry {number - 1}"
        if row_hash(row["previous"], dict(row)) != row["hash"]:
            yield f"I14 audit entry {number} is not what was written"
        link = row["hash"]
    head = db.session.execute(sa.select(AuditHead.seq, AuditHead.hash)).first()
    if (head.seq, head.hash) != (number, link) if head else number:
        said = f"{head.seq}" if head else "nothing"
        yield f"I14 the audit log ends at entry {number}, its head says {said}"
