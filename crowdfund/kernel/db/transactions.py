"""Transactions: only the shells commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.kernel.db.engines import db, is_read_only, reader, set_patience, set_read_only

REQUEST_PATIENCE_S = 5.0  # a person waits: an error after 5 s is better than a page after 30 s
_committed: ContextVar[bool] = ContextVar("committed", default=False)


def begin_request(*, read_only: bool) -> None:
    """Start a web request: set whether it may write and how long it waits for a lock."""
    set_read_only(read_only)
    set_patience(REQUEST_PATIENCE_S)
    _committed.set(False)


def end_request() -> None:
    """Restore the settings that apply outside of requests."""
    set_read_only(False)
    set_patience()


def note_committed() -> None:
    """Note that this request has committed something apart from its main transaction."""
    _committed.set(True)


def has_committed() -> bool:
    """Return whether this request has committed something that a second run would do twice."""
    return _committed.get()


def after_commit(key: object, action: Callable[[], None]) -> None:
    """Run an action once after the shell has committed; once for each key."""
    db.session.info.setdefault("after_commit", {})[key] = action


def collect_for_commit(key: str, item: str, action: Callable[[list[str]], object]) -> None:
    """Have an action run once after the shell has committed, with all items of its key."""
    items: dict[str, None] = db.session.info.setdefault("collected", {}).setdefault(key, {})
    items[item] = None

    def run() -> None:
        action(list(items))

    after_commit(("collected", key), run)


def is_first(key: str) -> bool:
    """Return whether this is asked for the first time in the current transaction."""
    asked: set[str] = db.session.info.setdefault("asked", set())
    if key in asked:
        return False
    asked.add(key)
    return True


def before_commit(action: Callable[[], None]) -> None:
    """Run an action as the last of the current transaction, just before the shell commits."""
    db.session.info.setdefault("before_commit", []).append(action)


def commit() -> None:
    """Commit the work of a request or job, then wake workers and pages. Only shells call this."""
    session = db.session()
    if "before_commit" in session.info:
        session.flush()  # its locks must come before those of the last actions
        for action in session.info.pop("before_commit"):
            action()
    session.commit()
    session.info.pop("asked", None)
    session.info.pop("collected", None)
    for action in session.info.pop("after_commit", {}).values():
        action()


def rollback() -> None:
    """Undo the work of a request or job and its planned notifications. Only shells call this."""
    session = db.session()
    session.info.pop("before_commit", None)
    for name in ("after_commit", "collected", "asked"):
        session.info.pop(name, None)
    try:
        session.rollback()
    except sa.exc.DBAPIError:
        session.invalidate()  # the connection was lost: the server has rolled back by itself


def release() -> None:
    """Roll back and return the session's connection to the pool, also if it was lost."""
    if db.session.registry.has():
        rollback()
        db.session.remove()


@contextmanager
def own_transaction() -> Iterator[Connection]:
    """Open a short transaction of its own for what must survive a refusal.

    Must come before the first statement of the caller's transaction, on every database: SQLite has
    one writer, and elsewhere the two would not see each other.
    """
    if not is_read_only() and db.session().in_transaction():
        raise RuntimeError(
            "own_transaction() after the main transaction began would wait for itself"
        )
    with db.engine.begin() as connection:
        yield connection
    note_committed()


@contextmanager
def read_connection() -> Iterator[Connection]:
    """Open a connection that reads in autocommit, apart from the session."""
    with reader(db.engine).connect() as connection:
        yield connection


def rows_changed(statement: sa.UpdateBase) -> int:
    """Run an UPDATE or DELETE in the session and return how many rows it touched."""
    return int(cast("sa.CursorResult[Any]", db.session.execute(statement)).rowcount)
