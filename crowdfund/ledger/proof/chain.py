"""I1 and I11: walk along the journal, a page at a time, and check each entry and its hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.ledger import rules
from crowdfund.ledger.models import Entry, Head, PostingRow
from crowdfund.ledger.rules import Draft, Posting

Account = tuple[str, str]  # name and currency
_E, _P = Entry.__table__, PostingRow.__table__
PAGE = 250  # entries in memory at a time


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with everything that its hash covers."""

    id: str
    seq: int
    key: str
    kind: str
    currency: str
    at: datetime
    ref: list[list[str]]
    reverses_id: str | None
    input_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class StoredPosting:
    """A posting, which belongs to the entry with its number (minor units)."""

    seq: int
    source: str
    destination: str
    amount_minor: int


class Walk:
    """A walk along the journal from a link of its chain on.

    It shows that every entry moves something between two accounts (I1), that its hash covers its
    content and the entry before it, and that no number is missing (I11). `changes` gathers what the
    entries since the last `take_changes` did to each account (minor units).
    """

    def __init__(self, seq: int = 0, link: str = rules.GENESIS_HASH) -> None:
        self.seq, self.link = seq, link
        self.is_broken = False
        self.problems: list[str] = []
        self.changes: dict[Account, int] = {}

    def step(self, *, until: int | None = None) -> int:
        """Check the next page, not beyond the number `until`; return how many entries it had."""
        after = self.seq
        entries = _entries(after, until)
        if not entries:
            return 0
        last = entries[-1].seq
        by_entry: dict[int, list[StoredPosting]] = {}
        for row in _postings(after, last):
            by_entry.setdefault(row.seq, []).append(row)
        for entry in entries:
            self._check(entry, by_entry.pop(entry.seq, []))
        self.problems += [f"I1 posting of number {seq} belongs to no entry" for seq in by_entry]
        self.seq = last
        return len(entries)

    def take_changes(self) -> dict[Account, int]:
        """Return what changed since the last call."""
        taken, self.changes = self.changes, {}
        return taken

    def take_problems(self) -> list[str]:
        """Return the problems found since the last call."""
        taken, self.problems = self.problems, []
        return taken

    def _check(self, entry: StoredEntry, postings: Sequence[StoredPosting]) -> None:
        if not postings:
            self.problems.append(f"I1 entry {entry.id} has no postings")
        changes, currency = self.changes, entry.currency
        for row in postings:
            if row.amount_minor <= 0 or row.source == row.destination:
                self.problems.append(
                    f"I1 entry number {entry.seq} has a posting that moves nothing"
                )
            source, destination = (row.source, currency), (row.destination, currency)
            changes[source] = changes.get(source, 0) - row.amount_minor
            changes[destination] = changes.get(destination, 0) + row.amount_minor
        # What follows a broken link cannot be judged; the sums still can.
        if not self.is_broken:
            self._check_link(entry, postings)

    def _check_link(self, entry: StoredEntry, postings: Sequence[StoredPosting]) -> None:
        ref = tuple((name, value) for name, value in entry.ref)
        moves = tuple(Posting(row.source, row.destination, row.amount_minor) for row in postings)
        body = rules.input_hash(
            Draft(entry.key, moves, entry.kind, currency=entry.currency, ref=ref)
        )
        at = entry.at.astimezone(UTC).isoformat()
        link = rules.entry_hash(self.link, entry.seq, entry.id, entry.key, at, body)
        is_same = (body, link, dict(ref).get("reverses")) == (
            entry.input_hash,
            entry.hash,
            entry.reverses_id,
        )
        if entry.seq != self.seq + 1 or not is_same:
            self.is_broken = True
            self.problems.append(
                f"I11 the hash chain breaks at entry {entry.id} (number {entry.seq})"
            )
        self.seq, self.link = entry.seq, link


def end_problems(walk: Walk) -> list[str]:
    """Return how the head differs from the last entry of a walk to the end (I11)."""
    found = []
    beyond = db.session.scalar(sa.select(sa.func.count()).where(_P.c.seq > walk.seq))
    if beyond:
        found.append(f"I1 {beyond} postings after number {walk.seq} belong to no entry")
    head = head_link()
    if not walk.is_broken and ((head != (walk.seq, walk.link)) if head else walk.seq):
        found.append("I11 the head of the hash chain does not match the last entry")
    return found


def head_link() -> tuple[int, str] | None:
    """Return number and hash of the last entry as the head says, or None for an empty journal."""
    head = db.session.execute(sa.select(Head.seq, Head.hash)).first()
    return (head.seq, head.hash) if head else None


def hash_at(seq: int) -> str | None:
    """Return the hash of an entry; the genesis hash for number 0, None if it is not there."""
    if seq == 0:
        return rules.GENESIS_HASH
    return db.session.scalar(sa.select(_E.c.hash).where(_E.c.seq == seq))


def _entries(after: int, until: int | None) -> list[StoredEntry]:
    query = sa.select(*columns(StoredEntry, _E)).where(_E.c.seq > after)
    if until is not None:
        query = query.where(_E.c.seq <= until)
    return read_all(StoredEntry, query.order_by(_E.c.seq).limit(PAGE))


def _postings(after: int, last: int) -> list[StoredPosting]:
    query = sa.select(*columns(StoredPosting, _P)).where(_P.c.seq > after, _P.c.seq <= last)
    return read_all(StoredPosting, query.order_by(_P.c.seq, _P.c.n))
