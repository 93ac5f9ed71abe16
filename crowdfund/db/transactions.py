"""Transactions: the shells commit, everybody else only works inside one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .engines import db, is_read_only, reader


def after_commit(key: object, action: Callable[[], None]) -> None:
    """Run an action once after the shell has committed; the same key is kept once."""
    db.session.info.setdefault("after_commit", {})[key] = action


def before_commit(action: Callable[[], None]) -> None:
    """Run an action as the last of the current transaction, just before the shell commits."""
    db.session.info.setdefault("before_commit", []).append(action)


def commit() -> None:
    """Commit the work of a request or job and ring the doorbells. Only shells call this."""
    session = db.session()
    if "before_commit" in session.info:
        session.flush()  # whatever that locks comes before what is done last
        for action in session.info.pop("before_commit"):
            action()
    session.commit()
    for action in session.info.pop("after_commit", {}).values():
        action()


def rollback() -> None:
    """Forget the work of a request or job and its doorbells. Only shells call this."""
    session = db.session()
    session.rollback()
    session.info.pop("before_commit", None)
    session.info.pop("after_commit", None)


@contextmanager
def own_transaction() -> Iterator[Connection]:
    """Open a short transaction of its own for what must survive a refusal.

    Must come before the first statement of the caller's transaction, on every database: SQLite has
    one writer, and elsewhere the two would not see each other.
    """
    if not is_read_only() and db.session().in_transaction():
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
