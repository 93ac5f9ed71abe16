"""Reads of the journal: balances and an account's history; its proofs are in `proof`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import MOST, START, Key, Page, Place, begins_with, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.ledger import edges
from crowdfund.ledger.edges import Edge
from crowdfund.ledger.models import Account, Entry, PostingRow
from crowdfund.ledger.proof import problems
from crowdfund.ledger.rules import Posting

__all__ = [
    "AccountRow",
    "EntryRow",
    "Line",
    "accounts",
    "available",
    "balance",
    "balances",
    "entries_with_key_prefix",
    "entry",
    "exists",
    "history",
    "problems",
]

_A, _E, _P = Account.__table__, Entry.__table__, PostingRow.__table__

# Both ends of a posting: one's own, the other one, and the sign of the amount.
_SIDES = ((_P.c.source, _P.c.destination, -1), (_P.c.destination, _P.c.source, 1))
_BY_NAME = (Key(_A.c.name), Key(_A.c.currency))


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in one currency: its balance and what is held of it (minor units)."""

    name: str
    currency: str
    balance_minor: int
    held_minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """One posting as an account sees it: signed amount and the balance after it (minor units)."""

    entry_id: str
    seq: int
    n: int
    at: datetime
    kind: str
    counterpart: str
    amount_minor: int
    balance_minor: int
    ref: dict[str, str]


@dataclass(frozen=True, slots=True)
class SideRow:
    """One posting from the side of an account; `start` is the balance of the account now."""

    id: str
    at: datetime
    kind: str
    ref: list[list[str]]
    seq: int
    n: int
    other: str
    signed: int
    start: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of the journal; `pairs` is what it refers to, by name and value."""

    id: str
    seq: int
    key: str
    kind: str
    currency: str
    at: datetime
    pairs: list[list[str]]
    reverses_id: str | None
    hash: str
    postings: tuple[Posting, ...] = ()

    @property
    def ref(self) -> dict[str, str]:
        """Return what the entry refers to."""
        return dict(self.pairs)


def balance(account: str, currency: str = "ETB") -> int:
    """Return the balance in minor units; an account without postings has zero."""
    query = sa.select(_A.c.balance_minor).where(_A.c.name == account, _A.c.currency == currency)
    return db.session.execute(query).scalar() or 0


def balances(account: str) -> dict[str, int]:
    """Return an account's balance in each currency, in minor units."""
    query = sa.select(_A.c.currency, _A.c.balance_minor).where(_A.c.name == account)
    return {currency: int(amount) for currency, amount in db.session.execute(query)}


def available(account: str, currency: str = "ETB") -> int:
    """Return the balance less what is held, in minor units."""
    free = _A.c.balance_minor - _A.c.held_minor
    query = sa.select(free).where(_A.c.name == account, _A.c.currency == currency)
    return db.session.execute(query).scalar() or 0


def exists(account: str) -> bool:
    """Return whether anything was ever posted to an account, in any currency."""
    return bool(db.session.scalar(sa.select(sa.exists().where(_A.c.name == account))))


def history(
    account: str, *, currency: str = "ETB", place: Place = START, size: int = 50
) -> Page[Line]:
    """Return a page of an account's postings, newest first, each with the balance after it.

    The first page starts from the account's balance, each other one from the balance at the edge of
    the page that leads to it. A place that is not sealed by us is the first page.
    """
    older, newer = (edges.read(account, currency, text) for text in (place.before, place.after))
    size = max(1, min(size, MOST))
    if newer is not None:
        rows = _postings(account, currency, newer, size=size, is_newer=True)
        return _page_upward(account, currency, rows, newer, size)
    rows = _postings(account, currency, older, size=size)
    now_minor = rows[0].start if rows else 0
    balance_minor = older.balance_minor if older else now_minor
    return _page_downward(account, currency, rows, balance_minor, size, is_first=older is None)


def _postings(
    account: str, currency: str, edge: Edge | None, *, size: int, is_newer: bool = False
) -> list[SideRow]:
    """Return `size` + 1 postings beyond an edge, the nearest first, and the balance now as `start`.

    Balance and postings come in one statement: what is posted meanwhile must not fall between them.
    """
    sides = [
        _side(mine, other, sign, currency, edge, is_newer=is_newer)
        .where(mine == account)
        .limit(size + 1)
        for mine, other, sign in _SIDES
    ]
    # Each side by its own index: with OR a database reads and sorts all postings of the account.
    both = sa.union_all(*(sa.select(side.subquery()) for side in sides)).subquery()
    opening = sa.select(_A.c.balance_minor).where(_A.c.name == account, _A.c.currency == currency)
    start = sa.func.coalesce(opening.scalar_subquery(), 0).label("start")
    order = (both.c.seq, both.c.n) if is_newer else (both.c.seq.desc(), both.c.n.desc())
    return read_all(SideRow, sa.select(both, start).order_by(*order).limit(size + 1))


def _side(
    mine: sa.ColumnElement[str],
    other: sa.ColumnElement[str],
    sign: int,
    currency: str,
    edge: Edge | None,
    *,
    is_newer: bool,
) -> sa.Select[Any]:
    """Return the postings of which one end is `mine`, the nearest to the edge first."""
    query = sa.select(
        _E.c.id,
        _E.c.at,
        _E.c.kind,
        _E.c.ref,
        _P.c.seq,
        _P.c.n,
        other.label("other"),
        (_P.c.amount_minor * sign).label("signed"),
    )
    query = query.select_from(_P.join(_E, _E.c.seq == _P.c.seq)).where(_E.c.currency == currency)
    if edge is not None:
        query = query.where(_is_beyond(edge, is_newer=is_newer))
    return query.order_by(*((_P.c.seq, _P.c.n) if is_newer else (_P.c.seq.desc(), _P.c.n.desc())))


def _is_beyond(edge: Edge, *, is_newer: bool) -> sa.ColumnElement[bool]:
    if is_newer:
        return sa.and_(_P.c.seq >= edge.seq, sa.or_(_P.c.seq > edge.seq, _P.c.n > edge.n))
    return sa.and_(_P.c.seq <= edge.seq, sa.or_(_P.c.seq < edge.seq, _P.c.n < edge.n))


def _page_downward(
    account: str,
    currency: str,
    rows: Sequence[SideRow],
    balance_minor: int,
    size: int,
    *,
    is_first: bool,
) -> Page[Line]:
    """Return a page whose first line leaves a balance."""
    lines = []
    for row in rows[:size]:
        lines.append(_line(row, balance_minor))
        balance_minor -= lines[-1].amount_minor
    has_more = len(rows) > size
    return _page(account, currency, lines, has_older=has_more, has_newer=not is_first)


def _page_upward(
    account: str, currency: str, rows: Sequence[SideRow], edge: Edge, size: int
) -> Page[Line]:
    """Return the page above an edge; the rows come oldest first."""
    lines, balance_minor = [], edge.balance_minor
    for row in rows[:size]:
        balance_minor += row.signed
        lines.append(_line(row, balance_minor))
    lines.reverse()
    return _page(account, currency, lines, has_older=True, has_newer=len(rows) > size)


def _line(row: SideRow, balance_minor: int) -> Line:
    return Line(
        entry_id=row.id,
        seq=row.seq,
        n=row.n,
        at=row.at,
        kind=row.kind,
        counterpart=row.other,
        amount_minor=row.signed,
        balance_minor=balance_minor,
        ref=dict(row.ref),
    )


def _page(
    account: str, currency: str, lines: list[Line], *, has_older: bool, has_newer: bool
) -> Page[Line]:
    if not lines:
        return Page([], None, START if has_newer else None)
    first, last = lines[0], lines[-1]
    below = Edge(last.seq, last.n, last.balance_minor - last.amount_minor)
    above = Edge(first.seq, first.n, first.balance_minor)
    return Page(
        lines,
        Place(before=edges.write(account, currency, below)) if has_older else None,
        Place(after=edges.write(account, currency, above)) if has_newer else None,
    )


@dataclass(frozen=True, slots=True)
class Statement:
    """The postings of an account in a time, oldest first: opening balance + lines = closing."""

    opening_minor: int
    lines: list[Line]

    @property
    def closing_minor(self) -> int:
        """Return the balance at the end."""
        return self.lines[-1].balance_minor if self.lines else self.opening_minor


def statement(
    account: str,
    since: datetime | None,
    until: datetime | None,
    *,
    most: int,
    currency: str = "ETB",
) -> Statement | None:
    """Return the statement of an account from a moment on and before another (None: no limit).

    Returns None if it had more than `most` lines.
    """
    within = [_E.c.at >= since] if since else []
    within += [_E.c.at < until] if until else []
    sides = [
        _side(mine, other, sign, currency, None, is_newer=True)
        .where(mine == account, *within)
        .limit(most + 1)
        for mine, other, sign in _SIDES
    ]
    both = sa.union_all(*(sa.select(side.subquery()) for side in sides)).subquery()
    query = sa.select(both, sa.literal(0).label("start")).order_by(both.c.seq, both.c.n)
    rows = read_all(SideRow, query.limit(most + 1))
    if len(rows) > most:
        return None
    balance_minor = opening_minor = _sum_before(account, currency, since) if since else 0
    lines = []
    for row in rows:
        balance_minor += row.signed
        lines.append(_line(row, balance_minor))
    return Statement(opening_minor, lines)


def _sum_before(account: str, currency: str, moment: datetime) -> int:
    """Return the sum of an account's postings before a moment, in minor units."""
    total = 0
    for mine, _other, sign in _SIDES:
        query = sa.select(sa.func.coalesce(sa.func.sum(_P.c.amount_minor), 0))
        query = query.select_from(_P.join(_E, _E.c.seq == _P.c.seq)).where(
            mine == account, _E.c.currency == currency, _E.c.at < moment
        )
        total += sign * int(db.session.scalar(query) or 0)
    return total


def entry(entry_id: str) -> EntryRow | None:
    """Return one entry with its postings, or None."""
    query = sa.select(*columns(EntryRow, _E, pairs=_E.c.ref)).where(_E.c.id == entry_id)
    found = read_first(EntryRow, query)
    if found is None:
        return None
    of_entry = sa.select(*columns(Posting, _P)).where(_P.c.seq == found.seq)
    return replace(found, postings=tuple(read_all(Posting, of_entry.order_by(_P.c.n))))


def id_of(key: str) -> str:
    """Return the id of the entry with a key. Raises LookupError if there is none."""
    found: str | None = db.session.scalar(sa.select(_E.c.id).where(_E.c.key == key))
    if found is None:
        raise LookupError(key)
    return found


def entries_with_key_prefix(ref_key: str, ref_value: str, *, limit: int = 50) -> list[EntryRow]:
    """Return the entries whose key starts with `<ref_key>:<ref_value>:`, oldest first."""
    prefix = begins_with(_E.c.key, f"{ref_key}:{ref_value}:")
    query = sa.select(_E.c.id).where(prefix).order_by(_E.c.seq).limit(limit)
    found = db.session.scalars(query).all()
    return [one for entry_id in found if (one := entry(entry_id))]


def accounts(prefix: str = "", *, place: Place = START, size: int = 50) -> Page[AccountRow]:
    """Return a page of the accounts whose names begin so, with their balances, by name."""
    query = sa.select(*columns(AccountRow, _A)).where(begins_with(_A.c.name, prefix))
    return read_page(query, _BY_NAME, place, size=size, row=AccountRow)
