"""Reads of the lines behind an amount: sums of postings, holds, and entries by their keys."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.ledger import edges
from crowdfund.ledger.edges import Edge
from crowdfund.ledger.models import Account, Entry, Hold, PostingRow
from crowdfund.ledger.queries import EntryRow
from crowdfund.ledger.rules import Posting

_A, _E, _P, _H = Account.__table__, Entry.__table__, PostingRow.__table__, Hold.__table__
Spot = tuple[int, int]  # number of an entry, and of a posting in it


@dataclass(frozen=True, slots=True)
class HoldRow:
    """Money that is or was set aside in an account (minor units)."""

    id: str
    account: str
    currency: str
    amount_minor: int
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredPosting:
    """A posting as it is stored, with the number of its entry."""

    seq: int
    source: str
    destination: str
    amount_minor: int


def held(account: str, currency: str = "ETB") -> int:
    """Return what the account says that is held of it, in minor units."""
    query = sa.select(_A.c.held_minor).where(_A.c.name == account, _A.c.currency == currency)
    return db.session.scalar(query) or 0


def posted(account: str, currency: str = "ETB", *, after: Spot | None = None) -> int:
    """Return the sum of an account's postings, or of those after one, in minor units."""
    return _sum(account, currency, None if after is None else _is_after(after))


def posted_until(account: str, currency: str, last: Spot) -> int:
    """Return the sum of an account's postings up to one, which counts, in minor units."""
    return _sum(account, currency, sa.not_(_is_after(last)))


def _is_after(spot: Spot) -> sa.ColumnElement[bool]:
    seq, n = spot
    return sa.or_(_P.c.seq > seq, sa.and_(_P.c.seq == seq, _P.c.n > n))


def _sum(account: str, currency: str, which: sa.ColumnElement[bool] | None) -> int:
    """Return what came to an account less what went out of it."""
    total = 0
    for mine, sign in ((_P.c.destination, 1), (_P.c.source, -1)):
        query = sa.select(sa.func.coalesce(sa.func.sum(_P.c.amount_minor), 0))
        query = query.select_from(_P.join(_E, _E.c.seq == _P.c.seq))
        query = query.where(mine == account, _E.c.currency == currency)
        if which is not None:
            query = query.where(which)
        total += sign * int(db.session.scalar(query) or 0)
    return total


def is_posting_of(account: str, currency: str, spot: Spot) -> bool:
    """Return whether an account has a posting with this number."""
    mine = sa.or_(_P.c.source == account, _P.c.destination == account)
    query = sa.select(_P.c.seq).join(_E, _E.c.seq == _P.c.seq)
    query = query.where(_P.c.seq == spot[0], _P.c.n == spot[1], mine, _E.c.currency == currency)
    return db.session.scalar(query) is not None


def place_from(account: str, currency: str, first: Spot, balance_minor: int) -> Place:
    """Return the place of the page of a history that begins with a posting.

    `balance_minor` is the balance after that posting.
    """
    edge = Edge(first[0], first[1] + 1, balance_minor)
    return Place(before=edges.write(account, currency, edge))


def holds(
    account: str, *, currency: str = "ETB", place: Place = START, size: int = 50
) -> Page[HoldRow]:
    """Return a page of what is held of an account now, newest first."""
    newest = (Key(_H.c.id, is_descending=True),)
    return read_page(_open(account, currency), newest, place, size=size, row=HoldRow)


def holds_total(account: str, currency: str = "ETB") -> int:
    """Return the sum of what is held of an account now, in minor units."""
    few = _open(account, currency).subquery()
    query = sa.select(sa.func.coalesce(sa.func.sum(few.c.amount_minor), 0))
    return int(db.session.scalar(query) or 0)


def _open(account: str, currency: str) -> sa.Select[tuple[object, ...]]:
    query = sa.select(*columns(HoldRow, _H))
    return query.where(_H.c.status == "held", _H.c.account == account, _H.c.currency == currency)


def hold(hold_id: str) -> HoldRow | None:
    """Return one hold, or None."""
    return read_first(HoldRow, sa.select(*columns(HoldRow, _H)).where(_H.c.id == hold_id))


def entries_by_keys(keys: Collection[str]) -> dict[str, EntryRow]:
    """Return entries with their postings, by key; without keys that were never posted."""
    query = sa.select(*columns(EntryRow, _E, pairs=_E.c.ref)).where(_E.c.key.in_(list(keys)))
    found = read_all(EntryRow, query)
    return {one.key: one for one in _with_postings(found)}


def entries_by_ids(ids: Collection[str]) -> dict[str, EntryRow]:
    """Return entries with their postings, by id; without ids that do not exist."""
    query = sa.select(*columns(EntryRow, _E, pairs=_E.c.ref)).where(_E.c.id.in_(list(ids)))
    return {one.id: one for one in _with_postings(read_all(EntryRow, query))}


def _with_postings(found: list[EntryRow]) -> list[EntryRow]:
    query = sa.select(*columns(StoredPosting, _P)).where(_P.c.seq.in_([one.seq for one in found]))
    by_seq: dict[int, list[Posting]] = {}
    for row in read_all(StoredPosting, query.order_by(_P.c.seq, _P.c.n)):
        by_seq.setdefault(row.seq, []).append(
            Posting(row.source, row.destination, row.amount_minor)
        )
    return [replace(one, postings=tuple(by_seq.get(one.seq, ()))) for one in found]
