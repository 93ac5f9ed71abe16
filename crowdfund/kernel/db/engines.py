"""The session and the rules of each database: write locks, read-only requests, idle connections."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, cast

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from crowdfund.kernel.db import mysql

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)
_bound_to: ContextVar[Connection | None] = ContextVar("bound_to", default=None)
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
    if TYPE_CHECKING:
        __table__: ClassVar[sa.Table]  # every model here has a table of its own


class Session(FlaskSession):
    """A session that reads in autocommit where nothing may be written (GET requests)."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the write engine, or its read-only twin while `reading()` is in force."""
        bound = _bound_to.get()
        if bound is not None:
            return bound
        engine = super().get_bind(*args, **kwargs)
        return reader(engine) if _read_only.get() and isinstance(engine, Engine) else engine


db = SQLAlchemy(model_class=Base, session_options={"class_": Session})


PATIENCE_S = 30.0  # how long a job or a command waits for SQLite's write lock
CONNECT_S = 5
_patience: ContextVar[float] = ContextVar("patience", default=PATIENCE_S)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait at most this long for SQLite's write lock, in transactions that begin in this block."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def set_patience(seconds: float = PATIENCE_S) -> None:
    """Set how long the current context waits for SQLite's write lock."""
    _patience.set(seconds)


SHORT_S = 2.0  # enough for a burst on the last share; other pages are still answered soon
LOOK_AGAIN_S = 0.001
_long_wait = threading.Lock()


def take_write_lock(cursor: sqlite3.Cursor) -> None:
    """Begin a transaction of SQLite that may write.

    Of a web process one thread at a time waits for long: the others must be free to show pages.
    """
    wanted = _patience.get()
    is_long = SHORT_S < wanted < PATIENCE_S and _long_wait.acquire(blocking=False)
    if not is_long and wanted < PATIENCE_S:
        wanted = min(wanted, SHORT_S)
    try:
        _begin(cursor, wanted)
    finally:
        if is_long:
            _long_wait.release()


def _begin(cursor: sqlite3.Cursor, wanted_s: float) -> None:
    """Take the lock as soon as it is free; raise OperationalError after `wanted_s` seconds.

    SQLite looks after longer and longer pauses (up to 0.1 s), so it sleeps through the moment
    between two transactions of a worker that has much to do, and others never have their turn.
    """
    until = time.monotonic() + wanted_s
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                # A deferred BEGIN that reads and then writes fails at once: "database is locked".
                cursor.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() >= until:
                    raise
                time.sleep(LOOK_AGAIN_S)
            else:
                return
    finally:
        cursor.execute(f"PRAGMA busy_timeout={int(wanted_s * 1000)}")


def is_read_only() -> bool:
    """Return whether the current context may not write."""
    return _read_only.get()


def engine_options(url: str) -> dict[str, Any]:
    """Return create_engine options for a database URL; errors and logs show no parameter values."""
    options: dict[str, Any] = {"hide_parameters": True}
    # a database in memory has one connection
    if sa.make_url(url).database not in (None, "", ":memory:"):
        # Lend the connection that was used last: SQLite reads its pages again on one that has not
        # seen the last write.
        options["pool_use_lifo"] = True
    if url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": PATIENCE_S, "check_same_thread": False}}
    # A host that is down does not answer; without a limit each request would wait for minutes.
    connect = {"connect_timeout": CONNECT_S, **(mysql.CONNECT if url.startswith("mysql") else {})}
    return (
        options
        | {"connect_args": connect}
        | {"pool_recycle": 1800, "isolation_level": "READ COMMITTED"}
    )


SQLITE_CACHE = -16000  # kibibytes of each connection
IDLE_S = 5.0  # a connection unused for longer is asked whether it still lives
_last_lost = 0.0  # when a connection was last lost: older ones may be dead as well


@event.listens_for(Pool, "invalidate")
def _on_invalidate(_connection: object, _record: object, _error: object) -> None:
    global _last_lost
    _last_lost = time.monotonic()


@event.listens_for(Pool, "checkin")
def _on_checkin(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["idle_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _on_checkout(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    # pool_pre_ping would ask each time: a round trip for every request.
    idle_since = record.info.get("idle_since", time.monotonic())
    if time.monotonic() - idle_since < IDLE_S and idle_since > _last_lost:
        return
    if isinstance(connection, sqlite3.Connection):
        return
    try:
        connection.cursor().execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise sa.exc.DisconnectionError(str(error)) from error


@event.listens_for(Engine, "connect")
def _on_connect(dbapi_connection: object, _record: object) -> None:
    if isinstance(dbapi_connection, sqlite3.Connection):
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute(f"PRAGMA cache_size={SQLITE_CACHE}")
        cursor.close()


@event.listens_for(Engine, "begin")
def _on_begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and not connection.get_execution_options().get("reader"):
        lent = connection.connection
        try:
            take_write_lock(cast(Any, lent.dbapi_connection).cursor())
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(
                "BEGIN IMMEDIATE", None, error, sqlite3.Error, dialect=connection.dialect
            ) from error


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


@contextmanager
def bind_session(connection: Connection) -> Iterator[None]:
    """Let the session of this context work on one connection (see `snapshot`)."""
    token = _bound_to.set(connection)
    try:
        yield
    finally:
        _bound_to.reset(token)


def set_read_only(value: bool) -> None:
    """Switch the current context; the web shell does this at the start of each request."""
    _read_only.set(value)


@event.listens_for(Session, "before_flush")
def _refuse_flush_when_reading(*_: object) -> None:
    if _read_only.get():
        raise RuntimeError("a GET request must not write")


@event.listens_for(Engine, "before_execute")
def _refuse_dml_when_reading(connection: Connection, statement: object, *_: object) -> None:
    # Core statements know no flush, and an autocommit write could not be rolled back.
    if getattr(statement, "is_dml", False) and connection.get_execution_options().get("reader"):
        raise RuntimeError("a GET request must not write")
