"""How many statements some work sends to the database."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db import db


@contextmanager
def statements():
    """Yield the list of the statements that are sent meanwhile; the test ends here on MariaDB."""
    if db.engine.dialect.name in ("mysql", "mariadb"):
        pytest.skip("there each row is looked for before it is inserted: kernel/db/mysql.py")
    sent = []

    def note(_connection, _cursor, statement, *_more):
        sent.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
