"""Writes beyond the ORM: insert unless known, and prepared statements on the bare driver."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler

from crowdfund.kernel.db.engines import db, is_read_only, take_write_lock
from crowdfund.kernel.db.mysql import insert_missing
from crowdfund.kernel.db.transactions import note_committed

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_ignore(table: sa.FromClause, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows unless a unique key exists already; return how many went in."""
    if not rows:
        return 0
    return execute_insert_ignore(db.session.connection(), table, rows)


def execute_insert_ignore(
    connection: Connection, table: sa.FromClause, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Do what `insert_ignore` does on a given connection."""
    target = cast(sa.Table, table)
    name = connection.dialect.name
    # One statement for any number of rows: a VALUES list as long as the rows would be compiled anew
    # each time. psycopg's count of an INSERT is dropped unless it is asked for.
    sent = [dict(row) for row in rows]
    insert = _insert_of(name)
    if insert is None:
        return insert_missing(connection, target, sent)
    statement = insert(target).on_conflict_do_nothing()
    return connection.execute(
        statement.inline(),
        sent if len(sent) > 1 else sent[0],
        execution_options={"preserve_rowcount": True},
    ).rowcount


@lru_cache(maxsize=4)
def _insert_of(dialect: str) -> "Callable[[sa.Table], postgresql.Insert | sqlite.Insert] | None":
    """Return the insert() of a dialect that knows ON CONFLICT, None for any other."""
    if dialect not in ("postgresql", "sqlite"):
        return None
    # the other one is never loaded
    found: Callable[[sa.Table], postgresql.Insert | sqlite.Insert]
    found = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return found


class Prepared:
    """A constant statement that goes to the driver as it is: compiled once for each database.

    For the hottest writes only: SQLAlchemy's work per call costs more than the statement. Values
    are converted as usual on the way in; rows come as the driver gives them, so select plain
    integers and text.
    """

    def __init__(self, statement: sa.Executable, *columns: str) -> None:
        self._statement = cast(sa.ClauseElement, statement)
        self._columns = columns
        self._compiled: dict[str, tuple[str, list[tuple[str, Any, Any]], bool]] = {}

    def text_and_values(
        self, connection: Connection, rows: Sequence[Mapping[str, Any]]
    ) -> tuple[str, list[Any]]:
        """Return the SQL of the connection's database and what its driver wants for each row."""
        text, slots, is_positional = self._compiled.get(connection.dialect.name) or self._compile(
            connection
        )
        sent: list[Any] = []
        for row in rows:
            values = [
                row.get(name, default) if convert is None else convert(row.get(name, default))
                for name, default, convert in slots
            ]
            sent.append(
                values if is_positional else {s[0]: v for s, v in zip(slots, values, strict=True)}
            )
        return text, sent

    def _compile(self, connection: Connection) -> tuple[str, list[tuple[str, Any, Any]], bool]:
        compiled = cast(
            SQLCompiler,
            self._statement.compile(
                dialect=connection.dialect, column_keys=list(self._columns) or None
            ),
        )
        defaults = {name: bind.effective_value for bind, name in compiled.bind_names.items()}
        names = (compiled.positiontup if compiled.positional else list(defaults)) or []
        convert = compiled._bind_processors
        slots = [(name, defaults[name], convert.get(name)) for name in names]
        made = (str(compiled), slots, bool(compiled.positional))
        self._compiled[connection.dialect.name] = made
        return made


class Driver:
    """The driver's own cursors inside a connection's transaction, for prepared statements."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._cursors: list[Any] = []

    def rows(self, statement: Prepared, **values: object) -> list[Any]:
        """Send a query and return its rows as plain tuples."""
        return list(self._run(statement, (values,)).fetchall())

    def read(self, *queries: tuple[Prepared, Mapping[str, Any]]) -> list[list[Any]]:
        """Send queries one after the other and return the rows of each.

        Each sees what was committed before it began. On PostgreSQL they travel in one round trip.
        """
        with self._one_trip():
            cursors = [self._run(statement, (values,)) for statement, values in queries]
            return [list(cursor.fetchall()) for cursor in cursors]

    def write(self, *writes: tuple[Prepared, Sequence[Mapping[str, Any]]]) -> list[int]:
        """Send each statement once for each of its rows; return how many rows each touched.

        On PostgreSQL all of them travel in one round trip.
        """
        with self._one_trip():
            cursors = [self._run(statement, rows) for statement, rows in writes]
        return [int(cursor.rowcount) for cursor in cursors]

    def send(self, statement: Prepared, rows: Sequence[Mapping[str, Any]]) -> int:
        """Send a statement once for each row; return how many rows of the table it touched."""
        return int(self._run(statement, rows).rowcount)

    def _run(self, statement: Prepared, rows: Sequence[Mapping[str, Any]]) -> DBAPICursor:
        text, sent = statement.text_and_values(self.connection, rows)
        cursor = self.connection.connection.cursor()
        self._cursors.append(cursor)
        if len(sent) == 1:
            cursor.execute(text, sent[0])
        else:
            cursor.executemany(text, sent)
        return cursor

    def _one_trip(self) -> AbstractContextManager[object]:
        lent = cast(Any, self.connection.connection.driver_connection)
        return lent.pipeline() if hasattr(lent, "pipeline") else nullcontext()

    def begin(self) -> None:
        """Take SQLite's write lock at once (see `_on_begin`); other drivers begin by themselves."""
        lent = self.connection.connection
        take_write_lock(cast(Any, lent.cursor()))

    def close(self) -> None:
        """Give the cursors back."""
        for cursor in self._cursors:
            cursor.close()


@contextmanager
def driver() -> Iterator[Driver]:
    """Lend the driver within the session's transaction; its errors come as SQLAlchemy's."""
    if is_read_only():
        raise RuntimeError("a GET request must not write")
    connection = db.session.connection()
    lent = Driver(connection)
    dbapi = cast(Any, connection.dialect.dbapi)
    try:
        yield lent
    except dbapi.Error as error:
        is_lost = connection.dialect.is_disconnect(error, cast(Any, connection.connection), None)
        if is_lost:
            connection.invalidate(error)
        raise sa.exc.DBAPIError.instance(
            None,
            None,
            error,
            dbapi.Error,
            connection_invalidated=is_lost,
            dialect=connection.dialect,
        ) from error
    else:
        lent.close()


@contextmanager
def lean_transaction() -> Iterator[Driver]:
    """Open a short transaction of its own on the bare driver, for the busiest endpoints only.

    Like `own_transaction` it must come before the caller's transaction begins. Errors are the
    driver's own.
    """
    engine = db.engine
    lent = engine.raw_connection()
    try:
        driver_like = Driver(cast(Connection, _Lent(engine.dialect, lent)))
        if engine.dialect.name == "sqlite":
            driver_like.begin()
        yield driver_like
        lent.commit()
        note_committed()
    except BaseException:
        lent.rollback()
        raise
    finally:
        lent.close()


@dataclass(frozen=True, slots=True)
class _Lent:
    """What `Driver` needs of a connection."""

    dialect: Any
    connection: Any
