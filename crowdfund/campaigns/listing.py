"""The public list of campaigns: one page of it, at the same cost however many there are.

A page is a short walk along an index of `CampaignListing`, from the campaign at which the page
before it ended. Triggers maintain the counts. A search asks the text index once; its result is
cached until the list changes. Why: docs/adr/0030-flat-lists.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from crowdfund.campaigns import triggers
from crowdfund.campaigns.models import Campaign, CampaignCount, CampaignListing
from crowdfund.campaigns.rows import Found, Listed
from crowdfund.campaigns.rules import addresses
from crowdfund.campaigns.rules.addresses import Asked
from crowdfund.kernel.db import db, substrings
from crowdfund.kernel.lookups import Lookup

PAGE_SIZE = 12
MOST_FOUND = 1_000  # a search that finds more is counted no further
_MOST_REMEMBERED = 64  # searches in each process
_L, _C, _N = CampaignListing.__table__, Campaign.__table__, CampaignCount.__table__
Column = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, and where it is among all.

    `is_counted` is false for a search that found more than `total`.
    """

    rows: Sequence[Listed]
    total: int
    is_counted: bool
    first: int
    number: int
    previous: str | None  # `before` of the page before this one, `after` of the next
    following: str | None

    @property
    def last(self) -> int:
        """Return the number of its last campaign among all, counted from 1."""
        return self.first + len(self.rows) - 1


def page(asked: Asked) -> Page:
    """Return the page that somebody asked for."""
    if asked.number == 1 and (asked.after or asked.before):
        asked = replace(asked, after=None, before=None)
    found = _searched(asked) if asked.text else None
    if found is None:
        rows = _query(asked).all(**_params(asked))
        is_counted = not asked.text
        total = (rows[0].total if is_counted else MOST_FOUND) if rows else 0
    else:
        rows, total, is_counted = _rows(found, asked), len(found), True
    if not rows and asked.number > 1:
        # Fewer campaigns than the address was written for: the last page there is.
        last = (_total_of(asked, found) + PAGE_SIZE - 1) // PAGE_SIZE
        number = last if 0 < last < asked.number else 1
        return page(replace(asked, number=number, after=None, before=None))
    if asked.before and len(rows) < PAGE_SIZE:
        return page(replace(asked, number=1))  # the campaigns before it fit on the first page now
    return _page(asked, rows, total, is_counted=is_counted)


def _total_of(asked: Asked, found: Sequence[Found] | None) -> int:
    """Return how many campaigns fit, of a search at most MOST_FOUND."""
    if found is not None:
        return len(found)
    if asked.text:
        return MOST_FOUND
    counting = _counting(by_state=bool(asked.state), by_sector=bool(asked.sector))
    return int(counting.first(state=asked.state, sector=asked.sector).total)


def _page(asked: Asked, rows: Sequence[Listed], total: int, *, is_counted: bool) -> Page:
    """Make a page of rows; one too many says that there is another page in that direction."""
    is_more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    has_previous, has_following = asked.number > 1, is_more
    if asked.before:
        rows, has_following = rows[::-1], True
    first = (asked.number - 1) * PAGE_SIZE + 1
    if is_counted and rows:
        # If campaigns came or went since the page before was read, the end decides.
        latest = total - len(rows) + 1 - int(has_following)
        first = max(1, min(first, latest) if has_following else latest)
    previous = addresses.token(rows[0], asked.sort) if rows and has_previous else None
    following = addresses.token(rows[-1], asked.sort) if rows and has_following else None
    return Page(rows, total, is_counted, first, asked.number, previous, following)


# --- along the index ------------------------------------------------------------------------------


def _query(asked: Asked) -> Lookup:
    return _walk(
        asked.sort,
        _start(asked),
        by_state=bool(asked.state),
        by_sector=bool(asked.sector),
        by_text=bool(asked.text),
        size=PAGE_SIZE,
    )


def _start(asked: Asked) -> str:
    """Return how a page finds its first row: `after` or `before` a key, `skip`, or not at all."""
    if asked.after:
        return "after"
    if asked.before:
        return "before"
    return "skip" if asked.number > 1 else ""


def _params(asked: Asked) -> dict[str, object]:
    values = {"state": asked.state, "sector": asked.sector, "text": asked.text}
    key = asked.after or asked.before or ()
    keys = {f"key_{number}": part for number, part in enumerate(key)}
    return {**values, **keys, "skipped": (asked.number - 1) * PAGE_SIZE}


@lru_cache(maxsize=256)
def _walk(
    sort: str, start: str, *, by_state: bool, by_sector: bool, by_text: bool, size: int
) -> Lookup:
    """Build a statement once for each combination: building it costs as much as running it.

    What is skipped on the way to a page is read from the index alone; the rest joins at the end.
    """
    columns = [_L.c[name] for name in addresses.COLUMNS[sort]]
    is_up = (start != "before") is (sort not in addresses.DESCENDING)
    walk = sa.select(*columns).where(*_same(_L, by_state, by_sector))
    if by_text:
        walk = walk.where(substrings.contains(_L.c.search_text, sa.bindparam("text")))
    if start in ("after", "before"):
        walk = walk.where(_beyond(columns, is_up))
    elif start == "skip":
        walk = walk.offset(sa.bindparam("skipped"))
    # The number of rows is part of the text: PostgreSQL plans for it.
    walk = walk.order_by(*_ordered(columns, is_up)).limit(sa.literal_column(str(size + 1)))
    part = walk.subquery("part")
    total = sa.literal_column("0") if by_text else _total(by_state, by_sector)
    query = sa.select(*_shown(sort), total.label("total")).select_from(part)
    query = query.join(_L, _L.c.place == part.c.place).join(_C, _C.c.id == _L.c.campaign_id)
    return Lookup(query.order_by(*_ordered([part.c[column.name] for column in columns], is_up)))


def _beyond(columns: Sequence[Column], is_up: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a row lies beyond the key `key_0`, `key_1`, …"""
    key = sa.tuple_(
        *(sa.bindparam(f"key_{n}", type_=_of_any_size(c)) for n, c in enumerate(columns))
    )
    return sa.tuple_(*columns) > key if is_up else sa.tuple_(*columns) < key


def _of_any_size(column: Column) -> sa.types.TypeEngine[Any]:
    """Return the type of a parameter for a column: an address may hold any number."""
    return sa.BigInteger() if isinstance(column.type, sa.Integer) else column.type


def _same(table: sa.FromClause, by_state: bool, by_sector: bool) -> list[sa.ColumnElement[bool]]:
    chosen = [name for name, is_asked in (("state", by_state), ("sector", by_sector)) if is_asked]
    return [table.c[name] == sa.bindparam(name) for name in chosen]


def _ordered(columns: Sequence[Column], is_up: bool) -> list[Column]:
    return [column.asc() if is_up else column.desc() for column in columns]


def _total(by_state: bool, by_sector: bool) -> sa.ScalarSelect[int]:
    number = sa.cast(sa.func.coalesce(sa.func.sum(_N.c.number), 0), sa.Integer)
    return sa.select(number).where(*_same(_N, by_state, by_sector)).scalar_subquery()


@lru_cache(maxsize=4)
def _counting(*, by_state: bool, by_sector: bool) -> Lookup:
    return Lookup(sa.select(_total(by_state, by_sector).label("total")))


def _shown(sort: str) -> list[Column]:
    """Return the columns of a row of a page: what finds the card, and the sort key."""
    listed = dict.fromkeys(("ends_at", *addresses.COLUMNS[sort]))
    return [_C.c.id, _C.c.version, _C.c.status, *(_L.c[name] for name in listed)]


# --- by the text index ----------------------------------------------------------------------------

_MARK = Lookup(
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(_N.c.mark), 0), sa.BigInteger).label("mark"))
)
_TERMS = Lookup(substrings.terms_query(triggers.LISTING))
_remembered: dict[tuple[str, ...], tuple[int, list[Found] | None]] = {}


def _searched(asked: Asked) -> list[Found] | None:
    """Return the ids and sort keys of all that a search finds, in order; None if they are too many.

    The percentages of `funded` change with money, which leaves no mark: they are always read.
    """
    what = (asked.text, asked.state, asked.sector, asked.sort)
    mark = _MARK.first().mark
    known = _remembered.get(what)
    if known and known[0] == mark and (known[1] is None or asked.sort != "funded"):
        return known[1]
    found = _find(asked)
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[what] = (mark, found)
    return found


def _find(asked: Asked) -> list[Found] | None:
    dialect = db.engine.dialect.name
    is_indexed = substrings.has_index(dialect, asked.text)
    grams = _grams(asked.text, dialect) if is_indexed else None
    if is_indexed and grams is None:
        return []
    query = _finding(
        asked.sort,
        by_state=bool(asked.state),
        by_sector=bool(asked.sector),
        indexed_by=dialect if is_indexed else "",
        most=MOST_FOUND,
    )
    rows = query.all(state=asked.state, sector=asked.sector, text=asked.text, grams=grams)
    if len(rows) > MOST_FOUND:
        return None
    return sorted(
        rows,
        key=lambda row: addresses.key_of(row, asked.sort),
        reverse=asked.sort in addresses.DESCENDING,
    )


def _grams(text: str, dialect: str) -> object | None:
    """Return what to ask the text index for, or None if it has nothing like this text."""
    if dialect != "sqlite":
        return substrings.array_grams(text)
    terms = []
    if len(text) == 2:
        terms = [row.term for row in _TERMS.all(**substrings.terms_range(text))]
        if not terms:
            return None
    return substrings.fts_grams(text, terms)


@lru_cache(maxsize=64)
def _finding(sort: str, *, by_state: bool, by_sector: bool, indexed_by: str, most: int) -> Lookup:
    columns = [_L.c[name] for name in addresses.COLUMNS[sort]]
    query = sa.select(_L.c.campaign_id, *columns).where(*_same(_L, by_state, by_sector))
    if indexed_by:
        query = query.where(
            substrings.candidates(indexed_by, triggers.LISTING, "place", "search_text")
        )
    query = query.where(substrings.contains(_L.c.search_text, sa.bindparam("text")))
    return Lookup(query.limit(sa.literal_column(str(most + 1))))


def _rows(found: Sequence[Found], asked: Asked) -> list[Listed]:
    """Return the rows of a page among all that was found; from the end if it is the one before."""
    ids = [row.campaign_id for row in _part(found, asked)]
    values = {f"id_{number}": "" for number in range(PAGE_SIZE + 1)}
    values |= {f"id_{number}": campaign_id for number, campaign_id in enumerate(ids)}
    rows: dict[str, Listed] = {
        row.id: row for row in _by_ids(asked.sort, PAGE_SIZE + 1).all(**values)
    }
    return [rows[campaign_id] for campaign_id in ids if campaign_id in rows]


def _part(found: Sequence[Found], asked: Asked) -> Sequence[Found]:
    key = asked.after or asked.before
    if key is None:
        first = (asked.number - 1) * PAGE_SIZE
        return found[first : first + PAGE_SIZE + 1]
    is_up = (asked.after is not None) is (asked.sort not in addresses.DESCENDING)
    keys = ((row, addresses.key_of(row, asked.sort)) for row in found)
    beyond = [row for row, other in keys if (other > key if is_up else other < key)]
    return beyond[: PAGE_SIZE + 1] if asked.after else beyond[::-1][: PAGE_SIZE + 1]


@lru_cache(maxsize=8)
def _by_ids(sort: str, most: int) -> Lookup:
    ids: list[sa.BindParameter[str]] = [sa.bindparam(f"id_{number}") for number in range(most)]
    query = sa.select(*_shown(sort)).select_from(_C)
    return Lookup(query.join(_L, _L.c.campaign_id == _C.c.id).where(_C.c.id.in_(ids)))
