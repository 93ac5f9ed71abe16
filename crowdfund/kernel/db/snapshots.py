"""Read the database as it is at one moment, for as long as it takes, without holding up writers."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from crowdfund.kernel.db.engines import SQLITE_CACHE, bind_session, db, reading


@contextmanager
def snapshot() -> Iterator[None]:
    """Make every read of the session see one moment; nothing may be written.

    SQLite: a deferred transaction on a reader connection, which takes no write lock. PostgreSQL
    and MySQL: a read-only transaction under REPEATABLE READ. Raises RuntimeError when the session
    already has a transaction: its uncommitted work would not be seen.
    """
    if db.session().in_transaction():
        raise RuntimeError("snapshot() needs a session without a transaction of its own")
    with db.engine.connect() as connection:
        _begin(connection)
        try:
            with reading(), bind_session(connection):
                yield
        finally:
            db.session.remove()
            connection.rollback()
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA cache_size={SQLITE_CACHE}")


def _begin(connection: Connection) -> None:
    """Begin a read-only transaction whose snapshot is taken now, not at its first query."""
    name = connection.dialect.name
    if name == "sqlite":
        connection.execution_options(reader=True)
        # A large cache does not help to read everything once.
        connection.exec_driver_sql("PRAGMA cache_size=-2000")
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").all()
        return
    connection.execution_options(reader=True, isolation_level="REPEATABLE READ")
    if name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql("SELECT 1")
    else:
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
