"""Change tables that refuse changes, as somebody with the database's keys could."""

from contextlib import contextmanager

import sqlalchemy as sa

from crowdfund.kernel.db import append_only_ddl, db, rollback


@contextmanager
def unlocked(*tables):
    """Take the append-only triggers of tables away, and put them back at the end."""
    rollback()
    with db.engine.begin() as connection:
        dialect = connection.dialect.name
        for table in tables:
            for statement in append_only_ddl(table, dialect):
                if statement.startswith("CREATE TRIGGER"):
                    on = f" ON {table}" if dialect == "postgresql" else ""
                    connection.exec_driver_sql(f"DROP TRIGGER {statement.split()[2]}{on}")
    try:
        yield
    finally:
        rollback()
        with db.engine.begin() as connection:
            # SQLite reads the schema afresh
            connection.exec_driver_sql(f"SELECT 1 FROM {tables[0]}")
            for table in tables:
                for statement in append_only_ddl(table, dialect):
                    connection.exec_driver_sql(statement)


def run(statement, **values):
    """Run one statement and commit it."""
    rollback()
    with db.engine.begin() as connection:
        return connection.execute(sa.text(statement), values).rowcount
