"""Prove that nobody changed, removed or reordered what the audit log says (I14).

`problems` reads the whole log. The periodic proof checks that the entry which was proved last still
has its hash (`audit`), every entry after it up to the head, and a slice of those before it
(`audit.again`), which begins anew when it has come to the end.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.kernel import marks
from crowdfund.kernel.audit.chaining import row_hash
from crowdfund.kernel.audit.models import AuditEntry, AuditHead
from crowdfund.kernel.db import db
from crowdfund.kernel.hashing import GENESIS
from crowdfund.kernel.marks import Mark, Step

_T = AuditEntry.__table__
MOST = 20  # a change near the start would be reported for every later row
PAGE = 1_000
CHUNK = 10_000  # entries between two saves, and in one slice
MARKS = MARK, AGAIN = "audit", "audit.again"


def problems() -> list[str]:
    """Return a sentence for each row that was changed, removed or put elsewhere (I14)."""
    return list(islice(_all(), MOST))


def periodic() -> list[Callable[[], Step]]:
    """Return the parts of one run; each works inside a snapshot of its own."""
    return [_news, slice_again]


def slice_again() -> Step:
    """Prove a slice of what was proved before once more. Raises MarkForged."""
    end, mark = marks.read(MARK), marks.read(AGAIN)
    if mark.seq > end.seq:  # the proof was begun anew
        return Step(saves=[partial(marks.move, mark=mark)])
    walk = Walk(mark.seq, mark.hash)
    stop = min(end.seq, mark.seq + CHUNK)
    if found := list(islice(walk.to(stop), MOST)):
        return Step(found)
    if walk.seq < stop:
        return Step([f"I14 audit entries {walk.seq + 1} to {stop} are missing"])
    if walk.seq < end.seq:
        return Step(saves=[partial(marks.move, mark=mark, seq=walk.seq, hash=walk.link)])
    if walk.link != end.hash:
        return Step([f"I14 the audit entries up to {end.seq} are not those that were proved"])
    return Step(saves=[partial(marks.move, mark=mark)] if mark.seq else [])


def against_mark() -> list[str]:
    """Return whether the log still is the one that was proved. Raises MarkForged."""
    return _past_changed(marks.read(MARK))


def begin_anew(connection: Connection) -> None:
    """Forget what was proved, so that the next runs prove the log from its first entry on."""
    marks.forget(connection, list(MARKS))


class Walk:
    """A walk along the log from a link of its chain on."""

    def __init__(self, seq: int = 0, link: str = GENESIS) -> None:
        self.seq, self.link = seq, link

    def to(self, stop: int | None = None) -> Iterator[str]:
        """Yield what is wrong with the entries up to a number, or to the end; a page in memory."""
        while page := _page(self.seq, stop):
            for row in page:
                yield from self._check(row)

    def _check(self, row: Mapping[str, Any]) -> Iterator[str]:
        number = self.seq + 1
        if row["seq"] != number:
            gone = str(number) if row["seq"] == number + 1 else f"{number} to {row['seq'] - 1}"
            yield f"I14 audit entry {gone} is missing"
            number = row["seq"]
        elif row["previous"] != self.link:
            yield f"I14 audit entry {number} does not follow entry {number - 1}"
        if row_hash(row["previous"], dict(row)) != row["hash"]:
            yield f"I14 audit entry {number} is not what was written"
        self.seq, self.link = number, row["hash"]

    def at_head(self) -> Iterator[str]:
        """Yield how the head differs from the last entry."""
        head = db.session.execute(sa.select(AuditHead.seq, AuditHead.hash)).first()
        if (head.seq, head.hash) != (self.seq, self.link) if head else self.seq:
            end = f"{head.seq}" if head else "nothing"
            yield f"I14 the audit log ends at entry {self.seq}, its head says {end}"


def _all() -> Iterator[str]:
    walk = Walk()
    yield from walk.to()
    yield from walk.at_head()


def _news() -> Step:
    """Prove the next chunk of entries that came since the last run. Raises MarkForged."""
    mark = marks.read(MARK)
    if changed := _past_changed(mark):
        return Step(changed)
    walk = Walk(mark.seq, mark.hash)
    found = list(islice(walk.to(mark.seq + CHUNK), MOST))
    more = walk.seq == mark.seq + CHUNK
    if not more:
        found += walk.at_head()
    if found:
        return Step(found)
    is_new = walk.seq > mark.seq or not mark.seal
    saves = [partial(marks.move, mark=mark, seq=walk.seq, hash=walk.link)] if is_new else []
    return Step(saves=saves, more=more)


def _past_changed(mark: Mark) -> list[str]:
    here = sa.select(_T.c.hash).where(_T.c.seq == mark.seq)
    if not mark.seq or db.session.scalar(here) == mark.hash:
        return []
    return [f"I14 audit entry {mark.seq} is not what it was when it was proved"]


def _page(after: int, stop: int | None) -> list[Mapping[str, Any]]:
    query = sa.select(_T).where(_T.c.seq > after).order_by(_T.c.seq).limit(PAGE)
    query = query if stop is None else query.where(_T.c.seq <= stop)
    return [dict(row) for row in db.session.execute(query).mappings()]
