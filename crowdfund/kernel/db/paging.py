"""Pages of lists that may grow without end, found by the keys at their edges.

A page costs what it shows. It never skips rows that come before it and never counts what is beyond
it, so page 4,000 of a list costs what page 1 does. Rows that are inserted between two looks neither
repeat nor hide others. A query that is paged needs an index that begins with what it filters by and
goes on with its order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, overload
from urllib.parse import unquote

import sqlalchemy as sa

from crowdfund.kernel.db.engines import db
from crowdfund.kernel.db.rows import maker
from crowdfund.kernel.db.types import UTCDateTime

MOST = 1_000  # rows of one page, whatever is asked for
MOST_COUNTED = 1_000  # beyond it a page says "1,000+"
_LONGEST = 600  # characters of a place: two names of 80 letters, all of them commas, and an id
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Key:
    """A column of a list's order. It is never NULL, and a row is selected with it under its name.

    The keys of an order are unique together: the last one is usually an id. Raises TypeError for a
    column whose type is unknown, like that of an SQL function: no place could be read again.
    """

    column: sa.ColumnElement[Any]
    is_descending: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.column.type, sa.String | sa.Integer | sa.Boolean | UTCDateTime):
            raise TypeError(f"{self.column} has no type that is a key")


Order = Sequence[Key]


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a page: `before` or `after` the row with these keys, or the first page.

    `before` is towards lower keys, which is further down a list that begins with the newest.
    """

    before: str = ""
    after: str = ""

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


START = Place()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and the places of the pages beside them, None where there is none."""

    rows: list[T]
    next: Place | None = None
    previous: Place | None = None

    @property
    def has_more(self) -> bool:
        """Return whether rows follow."""
        return self.next is not None

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """Return the page with each row changed."""
        return Page([change(row) for row in self.rows], self.next, self.previous)


@overload
def read_page(
    query: sa.Select[Any] | Sequence[sa.Select[Any]],
    order: Order,
    place: Place = START,
    *,
    size: int,
) -> Page[Any]: ...


@overload
def read_page(
    query: sa.Select[Any] | Sequence[sa.Select[Any]],
    order: Order,
    place: Place = START,
    *,
    size: int,
    row: type[T],
) -> Page[T]: ...


def read_page(
    query: sa.Select[Any] | Sequence[sa.Select[Any]],
    order: Order,
    place: Place = START,
    *,
    size: int,
    row: type[T] | None = None,
) -> Page[Any]:
    """Return a page of a query, whose own order is not used; at most MOST rows.

    Several queries, which have no row in common, are one list: each is read by its own index, where
    an OR between them would have a database sort them all. A place that cannot be read, because
    somebody changed the address, is the first page. With `row` each row is made that dataclass.
    """
    size = max(1, min(size, MOST))
    is_back, values = _read_place(order, place)
    parts = [query] if isinstance(query, sa.Select) else query
    cut = [_cut(part, order, values, is_back=is_back).limit(size + 1) for part in parts]
    result = db.session.execute(_together(cut, order, size, is_back=is_back))
    make = maker(row, tuple(result.keys())) if row else None
    found = list(result)
    rows, is_cut = found[:size], len(found) > size
    if is_back:
        rows.reverse()
    if not rows:
        return Page([], None, START if values is not None else None)
    has_next, has_previous = (True, is_cut) if is_back else (is_cut, values is not None)
    return Page(
        list(map(make, rows)) if make else rows,
        _place(order, rows[-1], is_back=False) if has_next else None,
        _place(order, rows[0], is_back=True) if has_previous else None,
    )


def count_up_to(query: sa.Select[Any], most: int = MOST_COUNTED) -> int:
    """Return how many rows a query has, and `most` + 1 if there are more: it stops there."""
    return counts_up_to({"": query}, most)[""]


def counts_up_to(queries: Mapping[str, sa.Select[Any]], most: int = MOST_COUNTED) -> dict[str, int]:
    """Return the same of several queries, by name, in one statement."""
    one = sa.literal(1).label("one")
    found = []
    for name, query in queries.items():
        few = query.with_only_columns(one, maintain_column_froms=True)
        few = few.order_by(None).limit(most + 1)
        found.append(sa.select(sa.literal(name), sa.func.count()).select_from(few.subquery()))
    return {row[0]: row[1] for row in db.session.execute(sa.union_all(*found))}


def values_of(column: sa.Column[str]) -> list[str]:
    """Return the different values of a column, in order, by as many steps in an index as there are.

    The column needs an index that begins with it; DISTINCT would read all of the index.
    """
    steps = sa.select(sa.func.min(column).label("value")).cte("steps", recursive=True)
    further = sa.select(sa.func.min(column)).where(column > steps.c.value).scalar_subquery()
    steps = steps.union_all(sa.select(further).where(steps.c.value.is_not(None)))
    return list(db.session.scalars(sa.select(steps.c.value).where(steps.c.value.is_not(None))))


def begins_with(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a column begins with a text, so that an index on it is of use.

    For names and keys, which have no letter beyond `z`. SQLite uses no index for LIKE, and
    PostgreSQL none but in the C locale; the bounds hold in the order of every locale, and LIKE has
    the last word.
    """
    if not text:
        return sa.true()
    if db.engine.dialect.name == "sqlite":  # its LIKE also takes `A` for `a`
        return sa.and_(column >= text, column < text + "\U0010ffff")
    return sa.and_(
        column >= text, column <= text + "z" * 8, column.startswith(text, autoescape=True)
    )


# --- keys and places ------------------------------------------------------------------------------


def _cut(
    query: sa.Select[Any], order: Order, values: Sequence[Any] | None, *, is_back: bool
) -> sa.Select[Any]:
    """Return a query from a place on, in the order of the list or against it."""
    if values is not None:
        query = query.where(_beyond(order, values, is_back=is_back))
    return query.order_by(None).order_by(*(_ordered(key, is_back=is_back) for key in order))


def _together(
    parts: Sequence[sa.Select[Any]], order: Order, size: int, *, is_back: bool
) -> sa.Select[Any]:
    """Return the first rows of one or several queries that are cut and in order already."""
    if len(parts) == 1:
        return parts[0]
    rows = sa.union_all(*(sa.select(part.subquery()) for part in parts)).subquery()
    keys = [Key(rows.c[str(key.column.key)], key.is_descending) for key in order]
    ordered = (_ordered(key, is_back=is_back) for key in keys)
    return sa.select(rows).order_by(*ordered).limit(size + 1)


def _ordered(key: Key, *, is_back: bool) -> sa.ColumnElement[Any]:
    return key.column.desc() if key.is_descending != is_back else key.column.asc()


def _beyond(order: Order, values: Sequence[Any], *, is_back: bool) -> sa.ColumnElement[bool]:
    """Return the condition of the rows that follow the one with these values.

    The bound on the first key alone is implied by the rest; databases find their way by it.
    """
    (key, *others), (value, *further_values) = order, values
    falls = key.is_descending != is_back
    further: sa.ColumnElement[bool] = key.column < value if falls else key.column > value
    if not others:
        return further
    bound = key.column <= value if falls else key.column >= value
    tied = sa.and_(key.column == value, _beyond(others, further_values, is_back=is_back))
    return sa.and_(bound, sa.or_(further, tied))


def _place(order: Order, row: object, *, is_back: bool) -> Place:
    text = ",".join(_text(getattr(row, str(key.column.key))) for key in order)
    return Place(before=text) if order[0].is_descending != is_back else Place(after=text)


def _read_place(order: Order, place: Place) -> tuple[bool, list[Any] | None]:
    """Return whether the page lies against the order, and the values of the keys at its edge."""
    is_back = bool(place.after if order[0].is_descending else place.before)
    text = place.after or place.before
    parts = text.split(",")
    if not text or len(text) > _LONGEST or len(parts) != len(order):
        return False, None
    try:
        return is_back, [_value(key, part) for key, part in zip(order, parts, strict=True)]
    except (ValueError, OverflowError):
        return False, None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return str((value - _EPOCH) // _TICK)
    return str(value).replace("%", "%25").replace(",", "%2C")


def _value(key: Key, text: str) -> object:
    """Return a key as Python has it. Raises ValueError for what is none."""
    kind = key.column.type
    if isinstance(kind, UTCDateTime):
        return _EPOCH + _number(text) * _TICK
    if isinstance(kind, sa.String):
        found = unquote(text, errors="strict")
        if "\0" in found:
            raise ValueError("PostgreSQL has no zero byte in texts")
        return found
    return _number(text)


def _number(text: str) -> int:
    if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 18:
        raise ValueError("not a number that a database has")
    return int(text)
