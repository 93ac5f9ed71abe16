"""SQL for every feature: engine rules per database, column types, append-only tables, transactions.

Portable to SQLite, PostgreSQL and MySQL/MariaDB; whatever differs between them stays in this file.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import event
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import Pool
from sqlalchemy.sql.compiler import SQLCompiler

from . import clock

ID = sa.String(32)
_read_only: ContextVar[bool] = ContextVar("read_only", default=False)
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base with named constraints, so that migrations can name them too."""

    metadata = sa.MetaData(naming_convention=_NAMING)


class Session(FlaskSession):
    """A session that reads in autocommit where nothing may be written (GET requests)."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:  # noqa: ANN401
        """Return the write engine, or its read-only twin while `reading()` is in force."""
        engine = super().get_bind(*args, **kwargs)
        return reader(engine) if _read_only.get() and isinstance(engine, Engine) else engine


db = SQLAlchemy(model_class=Base, session_options={"class_": Session})
M = TypeVar("M", bound=type)


# --- identifiers and column types -----------------------------------------------------------


_id_lock = threading.Lock()
_last_id = (0, 0)  # millisecond and number within it of the newest id of this process


def new_id() -> str:
    """Return 32 hex digits that sort by creation time (UUID version 7, counted within a millisecond)."""
    global _last_id
    rand = int.from_bytes(os.urandom(8)) & (1 << 62) - 1
    with _id_lock:
        stamp, number = time.time_ns() // 1_000_000, 0
        if stamp <= _last_id[0]:
            stamp, number = _last_id[0], _last_id[1] + 1
            if number > 0xFFF:
                stamp, number = stamp + 1, 0
        _last_id = (stamp, number)
    return f"{(stamp & (1 << 48) - 1) << 80 | 0x7 << 76 | number << 64 | 0b10 << 62 | rand:032x}"


class UTCDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC datetime with microseconds on every database."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Keep microseconds on MySQL, a real timestamptz on PostgreSQL."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive datetimes; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: use clock.now()")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


Json = sa.JSON
LongText = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # MySQL's TEXT ends at 64 kB


# --- engines ---------------------------------------------------------------------------------


def engine_options(url: str) -> dict[str, Any]:
    """Return create_engine options for a database URL."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 30, "check_same_thread": False}}
    return {"pool_recycle": 1800, "isolation_level": "READ COMMITTED"}


IDLE_S = 5.0  # a connection unused for longer is asked whether it still lives


@event.listens_for(Pool, "checkin")
def _on_checkin(_connection: Any, record: Any) -> None:  # noqa: ANN401 - any driver
    record.info["idle_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _on_checkout(connection: Any, record: Any, _proxy: Any) -> None:  # noqa: ANN401 - any driver
    # pool_pre_ping would ask each time: a round trip for every request.
    if time.monotonic() - record.info.get("idle_since", time.monotonic()) < IDLE_S:
        return
    if isinstance(connection, sqlite3.Connection):
        return
    try:
        connection.cursor().execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise sa.exc.DisconnectionError(str(error)) from error


@event.listens_for(Engine, "connect")
def _on_connect(dbapi_connection: Any, _record: Any) -> None:  # noqa: ANN401 - any driver
    if isinstance(dbapi_connection, sqlite3.Connection):
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute("PRAGMA cache_size=-16000")
        cursor.close()


@event.listens_for(Engine, "begin")
def _on_begin(connection: Connection) -> None:
    # A deferred BEGIN that reads and then writes fails at once with "database is locked".
    if connection.dialect.name == "sqlite" and not connection.get_execution_options().get("reader"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


_readers: dict[int, Engine] = {}


def reader(engine: Engine) -> Engine:
    """Return the autocommit twin of an engine; it shares the pool and takes no write lock."""
    twin = _readers.get(id(engine))
    if twin is None or twin.pool is not engine.pool:
        options: dict[str, Any] = {"reader": True}
        if engine.dialect.name != "sqlite":
            options["isolation_level"] = "AUTOCOMMIT"
        twin = _readers[id(engine)] = engine.execution_options(**options)
    return twin


@contextmanager
def reading() -> Iterator[None]:
    """Make the session of this context read-only (autocommit reads, a flush raises)."""
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)


def set_read_only(value: bool) -> None:
    """Switch the current context; the web shell does this at the start of each request."""
    _read_only.set(value)


@event.listens_for(Session, "before_flush")
def _refuse_flush_when_reading(*_: Any) -> None:  # noqa: ANN401
    if _read_only.get():
        raise RuntimeError("a GET request must not write")


@event.listens_for(Engine, "before_execute")
def _refuse_dml_when_reading(connection: Connection, statement: Any, *_: Any) -> None:  # noqa: ANN401
    # Core statements know no flush, and an autocommit write could not be rolled back.
    if getattr(statement, "is_dml", False) and connection.get_execution_options().get("reader"):
        raise RuntimeError("a GET request must not write")


# --- transactions -----------------------------------------------------------------------------


def after_commit(key: object, action: Callable[[], None]) -> None:
    """Run an action once after the shell has committed; the same key is kept once."""
    db.session.info.setdefault("after_commit", {})[key] = action


def commit() -> None:
    """Commit the work of a request or job and ring the doorbells. Only shells call this."""
    session = db.session()
    session.commit()
    for action in session.info.pop("after_commit", {}).values():
        action()


def rollback() -> None:
    """Forget the work of a request or job and its doorbells. Only shells call this."""
    session = db.session()
    session.rollback()
    session.info.pop("after_commit", None)


@contextmanager
def own_transaction() -> Iterator[Connection]:
    """Open a short transaction of its own for what must survive a refusal.

    Must come before the first statement of the caller's transaction, on every database: SQLite has
    one writer, and elsewhere the two would not see each other.
    """
    if not _read_only.get() and db.session().in_transaction():
        raise RuntimeError("own_transaction() after the main transaction began would wait for itself")
    with db.engine.begin() as connection:
        yield connection


@contextmanager
def read_connection() -> Iterator[Connection]:
    """Open a connection that reads in autocommit, apart from the session."""
    with reader(db.engine).connect() as connection:
        yield connection


def rows_changed(statement: sa.UpdateBase) -> int:
    """Run an UPDATE or DELETE in the session and return how many rows it touched."""
    return int(cast("sa.CursorResult[Any]", db.session.execute(statement)).rowcount)


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
    statement: sa.Insert
    if name == "postgresql":
        statement = postgresql.insert(target).on_conflict_do_nothing()
    elif name == "sqlite":
        statement = sqlite.insert(target).on_conflict_do_nothing()
    else:
        statement = mysql.insert(target).prefix_with("IGNORE")
    # One statement for any number of rows: a VALUES list as long as the rows would be compiled anew
    # each time. psycopg's count of an INSERT is dropped unless it is asked for.
    sent = [dict(row) for row in rows]
    return connection.execute(
        statement.inline(), sent if len(sent) > 1 else sent[0], execution_options={"preserve_rowcount": True}
    ).rowcount


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
        text, slots, is_positional = self._compiled.get(connection.dialect.name) or self._compile(connection)
        sent: list[Any] = []
        for row in rows:
            values = [
                row.get(name, default) if convert is None else convert(row.get(name, default))
                for name, default, convert in slots
            ]
            sent.append(values if is_positional else {s[0]: v for s, v in zip(slots, values, strict=True)})
        return text, sent

    def _compile(self, connection: Connection) -> tuple[str, list[tuple[str, Any, Any]], bool]:
        compiled = cast(
            SQLCompiler,
            self._statement.compile(dialect=connection.dialect, column_keys=list(self._columns) or None),
        )
        defaults = {name: bind.effective_value for bind, name in compiled.bind_names.items()}
        names = (compiled.positiontup if compiled.positional else list(defaults)) or []
        convert = compiled._bind_processors
        slots = [(name, defaults[name], convert.get(name)) for name in names]
        made = (str(compiled), slots, bool(compiled.positional))
        self._compiled[connection.dialect.name] = made
        return made


class Driver:
    """The driver's own cursor inside a connection's transaction, for prepared statements."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._cursor = connection.connection.cursor()

    def rows(self, statement: Prepared, **values: object) -> list[Any]:
        """Send a query and return its rows as plain tuples."""
        text, sent = statement.text_and_values(self.connection, (values,))
        self._cursor.execute(text, sent[0])
        return list(self._cursor.fetchall())

    def send(self, statement: Prepared, rows: Sequence[Mapping[str, Any]]) -> int:
        """Send a statement once for each row; return how many rows of the table it touched."""
        text, sent = statement.text_and_values(self.connection, rows)
        if len(sent) == 1:
            self._cursor.execute(text, sent[0])
        else:
            self._cursor.executemany(text, sent)
        return int(self._cursor.rowcount)

    def begin(self) -> None:
        """Take SQLite's write lock at once (see `_on_begin`); other drivers begin by themselves."""
        self._cursor.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Give the cursor back."""
        self._cursor.close()


@contextmanager
def driver() -> Iterator[Driver]:
    """Lend the driver's cursor of the session's transaction; its errors come as SQLAlchemy's."""
    if _read_only.get():
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
            None, None, error, dbapi.Error, connection_invalidated=is_lost, dialect=connection.dialect
        ) from error
    else:
        lent.close()


@contextmanager
def lean_transaction() -> Iterator[Driver]:
    """Open a short transaction of its own on the bare driver, for the hottest doors only.

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


# --- append-only tables -----------------------------------------------------------------------


def append_only_ddl(table: str, dialect: str) -> list[str]:
    """Return the statements which make a table refuse UPDATE and DELETE on a database."""
    message = f"{table} is append-only"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            for verb in ("update", "delete")
        ]
    if dialect == "postgresql":
        return [
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$ "
            "LANGUAGE plpgsql",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} FOR EACH ROW "
        f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{message}'"
        for verb in ("update", "delete")
    ]


def make_append_only(op: Any, table: str) -> None:  # noqa: ANN401 - alembic's operations
    """Create the append-only triggers of a table in a migration."""
    for statement in append_only_ddl(table, op.get_bind().dialect.name):
        op.execute(statement)


def append_only(model: M) -> M:
    """Mark a model: its rows can be added, never changed or removed (class decorator)."""
    protect(cast(sa.Table, model.__table__))  # type: ignore[attr-defined]
    return model


def protect(table: sa.Table) -> sa.Table:
    """Attach the append-only triggers to a table for `create_all`; migrations call the DDL."""
    table.info["append_only"] = True

    def create(_target: sa.Table, connection: Connection, **_: object) -> None:
        for statement in append_only_ddl(table.name, connection.dialect.name):
            connection.exec_driver_sql(statement)

    event.listen(table, "after_create", create)
    return table


def event_table(subject: str) -> sa.Table:
    """Return the append-only `<subject>_event` table: who changed what status, when and why."""
    return protect(
        sa.Table(
            f"{subject}_event",
            db.metadata,
            sa.Column("id", ID, primary_key=True, default=new_id),
            sa.Column(f"{subject}_id", ID, sa.ForeignKey(f"{subject}.id"), nullable=False, index=True),
            sa.Column("at", UTCDateTime, nullable=False, default=clock.now),
            sa.Column("actor", ID, nullable=False),
            sa.Column("from_status", sa.String(24)),
            sa.Column("to_status", sa.String(24), nullable=False),
            sa.Column("reason", sa.String(1000), nullable=False, default=""),
        )
    )


def record_event(
    table: sa.Table, subject_id: str, *, actor: str, before: str | None, after: str, reason: str = ""
) -> None:
    """Append one status change to an event table; `actor` is a user id or `system`."""
    subject = table.name.removesuffix("_event")
    values = {f"{subject}_id": subject_id, "actor": actor, "reason": reason}
    db.session.execute(sa.insert(table).values(from_status=before, to_status=after, **values))


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Return a named CHECK that a status column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
