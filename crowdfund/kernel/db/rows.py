"""Read rows of queries as frozen dataclasses, so that a misspelt column fails the type check.

A dataclass is also the list of what a query selects: `columns` finds a column for each field.
"""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from crowdfund.kernel.db.engines import db

R = TypeVar("R")


def columns(
    row: type, *tables: sa.FromClause, **others: sa.ColumnElement[Any]
) -> list[sa.ColumnElement[Any]]:
    """Return what a query selects for a dataclass: a column for each field without default.

    A field is the expression of its name in `others`, else the column of the first table that has
    one of its name. Raises TypeError for a field without a column, or an expression without a
    field.
    """
    wanted = _names(row)
    if unknown := others.keys() - set(wanted):
        raise TypeError(f"{row.__name__} has no field {', '.join(sorted(unknown))}")
    found: dict[str, sa.ColumnElement[Any]] = {
        name: column.label(name) for name, column in others.items()
    }
    for name in wanted:
        table = next((table for table in tables if name in table.c), None)
        if name not in found and table is None:
            raise TypeError(f"no table has a column {name}, which {row.__name__} needs")
        if name not in found and table is not None:
            found[name] = table.c[name]
    return [found[name] for name in wanted]


def read_all(row: type[R], query: sa.Executable) -> list[R]:
    """Return all rows of a query. Raises TypeError if it lacks a column for a field."""
    return list(read_each(row, query))


def read_each(row: type[R], query: sa.Executable) -> Iterator[R]:
    """Yield the rows of a query. Raises TypeError if it lacks a column for a field."""
    result = db.session.execute(query)
    return map(maker(row, tuple(result.keys())), result)


def read_first(row: type[R], query: sa.Executable) -> R | None:
    """Return the first row of a query, or None. Raises TypeError if a field has no column."""
    result = db.session.execute(query)
    make = maker(row, tuple(result.keys()))
    values = result.first()
    return None if values is None else make(values)


def read_one(row: type[R], query: sa.Executable, missing: Exception) -> R:
    """Return the first row of a query. Raises `missing` if there is none."""
    found = read_first(row, query)
    if found is None:
        raise missing
    return found


def maker(row: type[R], keys: tuple[str, ...]) -> Callable[[Any], R]:
    """Return what makes a dataclass of a result's row; columns without a field are left out.

    Raises TypeError if a field has no column.
    """
    wanted, make = _names(cast(type, row)), cast(Callable[..., R], row)
    if missing := set(wanted) - set(keys):
        raise TypeError(f"the query has no column {', '.join(sorted(missing))} of {row.__name__}")
    if wanted == keys:
        return lambda values: make(*values)
    if len(wanted) == 1:
        place = keys.index(wanted[0])
        return lambda values: make(values[place])
    picked = itemgetter(*(keys.index(name) for name in wanted))
    return lambda values: make(*picked(values))


@cache
def _names(row: type) -> tuple[str, ...]:
    if not is_dataclass(row):
        raise TypeError(f"{row.__name__} is no dataclass")
    return tuple(field.name for field in fields(row) if _is_selected(field))


def _is_selected(field: Field[Any]) -> bool:
    return field.init and field.default is MISSING and field.default_factory is MISSING
