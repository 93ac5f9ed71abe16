"""Constant queries of the hottest pages: compiled once for each database, then sent by the driver.

SQLAlchemy's work for a call costs eight times as much as SQLite's for a row found by its key. What
is read here is read in autocommit, apart from any session, and writes nothing. A request borrows
one connection of the pool for all its lookups (`hold`, `release`); elsewhere each lookup borrows
its own.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from crowdfund.kernel.db import db

Convert = Callable[[Any], Any] | None
Sent = list[Any] | dict[str, Any]  # by the place or by the name of a parameter


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one database needs: its text, the parameters in order, the columns and their types."""

    text: str
    params: tuple[tuple[str, Any, Convert], ...]
    is_positional: bool
    row: Callable[[Iterable[Any]], object]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]


class Lookup:
    """A query with named parameters; rows are named tuples with the columns' Python types."""

    def __init__(self, query: sa.Select[Any]) -> None:
        self._query = query
        self._plans: dict[str, _Plan] = {}

    def first(self, **values: object) -> Any:  # noqa: ANN401 - a named tuple or None
        """Return the first row or None."""
        rows = self.all(**values)
        return rows[0] if rows else None

    def all(self, **values: object) -> list[Any]:
        """Return every row. Every parameter without a value of its own must be given."""
        held = _held.get()
        reader = held.reader() if held else _Reader(db.engine)
        try:
            plan = self._plans.get(reader.dialect.name) or self._prepare(reader.dialect)
            found = reader.read(plan.text, _sent(plan, values))
        except Exception:
            reader.give_back(is_broken=True)
            if held:
                held.forget()
            raise
        if not held:
            reader.give_back()
        return [_typed(plan, row) for row in found]

    def _prepare(self, dialect: Dialect) -> _Plan:
        compiled = self._query.compile(dialect=dialect)
        needed = dict.fromkeys(bind.key for bind in compiled.bind_names if bind.required)
        state = compiled.construct_expanded_state(needed)
        names = state.positiontup if compiled.positional else list(state.parameters)
        # The state knows only those of expanded lists.
        processors: dict[str, Any] = {**compiled._bind_processors, **state.processors}
        columns = compiled._result_columns
        convert = [column.type._cached_result_processor(dialect, None) for column in columns]
        plan = self._plans[dialect.name] = _Plan(
            text=state.statement,
            params=tuple((n, state.parameters[n], processors.get(n)) for n in names or ()),
            is_positional=bool(compiled.positional),
            row=_row_class([column.keyname for column in columns])._make,
            columns=tuple((index, change) for index, change in enumerate(convert) if change),
        )
        return plan


def _row_class(names: Sequence[str]) -> type[Any]:
    return namedtuple("Row", names)


def _sent(plan: _Plan, values: dict[str, object]) -> Sent:
    found = [
        convert(values.get(name, default)) if convert else values.get(name, default)
        for name, default, convert in plan.params
    ]
    if plan.is_positional:
        return found
    return {name: value for (name, _, _), value in zip(plan.params, found, strict=True)}


def _typed(plan: _Plan, row: Sequence[Any]) -> object:
    if plan.columns:
        row = list(row)
        for index, change in plan.columns:
            row[index] = change(row[index])
    return plan.row(row)


class _Reader:
    """A connection of the pool in autocommit."""

    def __init__(self, engine: sa.Engine) -> None:
        self.dialect = engine.dialect
        self._lent: Any = engine.raw_connection()
        self._connection: Any = self._lent.dbapi_connection
        # SQLite's connections are in autocommit by themselves.
        self._must_switch = self.dialect.name != "sqlite"
        self._is_switched = False

    def read(self, text: str, sent: Sent) -> list[Any]:
        if self._must_switch and not self._is_switched:
            self.dialect.set_isolation_level(self._connection, "AUTOCOMMIT")
            self._is_switched = True
        cursor = self._connection.cursor()
        cursor.execute(text, sent)
        found = list(cursor.fetchall())
        cursor.close()
        return found

    def give_back(self, *, is_broken: bool = False) -> None:
        lent, self._lent = self._lent, None
        if lent is None:
            return
        if is_broken:
            lent.invalidate()
        elif self._is_switched:
            self.dialect.reset_isolation_level(self._connection)
        lent.close()


class _Held:
    """The reader of one request, borrowed at its first lookup."""

    def __init__(self, outer: "_Held | None") -> None:
        self.outer = outer  # a request within a request: a test client
        self._reader: _Reader | None = None

    def reader(self) -> _Reader:
        if self._reader is None:
            self._reader = _Reader(db.engine)
        return self._reader

    def forget(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.give_back()


_held: ContextVar[_Held | None] = ContextVar("held", default=None)


def hold() -> None:
    """Share one connection between the lookups from here to `release`; the web shell calls this."""
    _held.set(_Held(_held.get()))


def release() -> None:
    """Give the shared connection back; without one this does nothing."""
    held = _held.get()
    if held is not None:
        held.forget()
        _held.set(held.outer)
