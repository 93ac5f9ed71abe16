"""End the server side of a database connection at a chosen statement,
as a restart of the server does."""

import time
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import event

from crowdfund.kernel.db import db

_KILL = {
    "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({}, 60000)"),
    "mysql": ("SELECT CONNECTION_ID()", "KILL {}"),
}


class Strike:
    """Counts what an engine sends (statements and commits) and ends the connection at one of
    them."""

    def __init__(self, at, *, after_commit):
        self.at, self.after_commit = at, after_commit
        self.sent, self.hit = 0, ""
        self.who, self.end = _KILL[db.engine.dialect.name]
        self.killer = sa.create_engine(db.engine.url, poolclass=sa.NullPool)

    def on_statement(self, connection, _cursor, statement, *_):
        self._count(connection, statement)

    def on_commit(self, connection):
        if not self.after_commit:
            self._count(connection, "COMMIT")

    def commit(self, do_commit):
        """Return a commit of the driver whose answer is lost when its turn comes."""

        def committed(dbapi_connection):
            do_commit(dbapi_connection)
            self.sent += 1
            if self.sent == self.at:
                self.hit = "COMMIT, the answer lost"
                with self.killer.connect() as other:
                    self._kill(other, self._id(dbapi_connection))
                dbapi_connection.cursor().execute("SELECT 1")  # fails as the answer would have

        return committed

    def _count(self, connection, statement):
        self.sent += 1
        if self.sent == self.at:
            self.hit = statement
            with self.killer.connect() as other:
                self._kill(other, self._id(connection.connection.dbapi_connection))

    def _id(self, dbapi_connection):
        cursor = dbapi_connection.cursor()
        cursor.execute(self.who)
        return cursor.fetchone()[0]

    def _kill(self, other, backend):
        other.exec_driver_sql(self.end.format(int(backend)))
        _wait_until_gone(other, backend)


def _wait_until_gone(other, backend):
    """Wait until MariaDB has rolled back what it killed; until then its rows stay locked.

    KILL answers before; pg_terminate_backend waits by itself.
    """
    if db.engine.dialect.name != "mysql":
        return
    found = f"SELECT id FROM information_schema.processlist WHERE id = {int(backend)}"
    deadline = time.monotonic() + 60
    while other.exec_driver_sql(found).all():
        assert time.monotonic() < deadline, "a killed connection did not end"
        time.sleep(0.005)


@contextmanager
def strike(at, *, after_commit=False):
    """End the connection that sends the `at`-th statement,
    before it is sent (or after the commit)."""
    blow = Strike(at, after_commit=after_commit)
    engine = db.engine
    dialect, do_commit = engine.dialect, engine.dialect.do_commit
    if after_commit:
        dialect.do_commit = blow.commit(do_commit)
    else:
        event.listen(engine, "before_cursor_execute", blow.on_statement)
        event.listen(engine, "commit", blow.on_commit)
    try:
        yield blow
    finally:
        if after_commit:
            del dialect.do_commit
        else:
            event.remove(engine, "before_cursor_execute", blow.on_statement)
            event.remove(engine, "commit", blow.on_commit)


def end_all():
    """End every connection to the database of the tests."""
    others = {
        "postgresql": "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()",
        "mysql": "SELECT id FROM information_schema.processlist "
        "WHERE id <> CONNECTION_ID() AND db = DATABASE()",
    }
    with sa.create_engine(db.engine.url, poolclass=sa.NullPool).connect() as killer:
        for found in killer.exec_driver_sql(others[db.engine.dialect.name]).all():
            if db.engine.dialect.name == "mysql":
                killer.exec_driver_sql(f"KILL {int(found[0])}")
                _wait_until_gone(killer, found[0])
