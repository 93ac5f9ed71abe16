"""Empty all tables between two tests, as fast as each database allows.

Only tables that hold rows are touched: a test fills ten of ninety. The append-only triggers are put
aside for that, which is why this lives beside the tests and not in the application.
"""

import sqlalchemy as sa

from crowdfund.kernel.db import append_only_ddl, db


def empty_tables() -> None:
    """Remove all rows from the tables of the application."""
    db.session.remove()
    with db.engine.begin() as connection:
        empty = {"postgresql": _empty_postgresql, "sqlite": _empty_sqlite}
        filled = filled_tables(connection)
        empty.get(connection.dialect.name, _empty_mysql)(connection, filled)


def filled_tables(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables that hold rows, those that refer to others first."""
    tables = list(reversed(db.metadata.sorted_tables))
    quote = connection.dialect.identifier_preparer.quote
    looks = (
        f"(SELECT {number} FROM {quote(table.name)} LIMIT 1)"
        if connection.dialect.name != "sqlite"  # which knows no parentheses here
        else f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {quote(table.name)})"
        for number, table in enumerate(tables)
    )
    found = connection.exec_driver_sql(" UNION ALL ".join(looks)).all()
    return [tables[number] for (number,) in sorted(found)]


def _empty_postgresql(connection: sa.Connection, filled: list[sa.Table]) -> None:
    """Delete with triggers and foreign keys off; the user of the tests is a superuser for that.

    TRUNCATE would make a new file for every table and index.
    """
    deletes = [f'DELETE FROM "{table.name}"' for table in filled]
    if deletes:
        connection.exec_driver_sql(
            "; ".join(["SET LOCAL session_replication_role = replica", *deletes])
        )


def _empty_sqlite(connection: sa.Connection, filled: list[sa.Table]) -> None:
    protected = [table.name for table in filled if table.info.get("append_only")]
    triggers = [ddl for name in protected for ddl in append_only_ddl(name, "sqlite")]
    for ddl in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {ddl.split()[2]}")
    for table in filled:
        connection.exec_driver_sql(f'DELETE FROM "{table.name}"')
    for ddl in triggers:
        connection.exec_driver_sql(ddl)


def _empty_mysql(connection: sa.Connection, filled: list[sa.Table]) -> None:
    connection.exec_driver_sql("SET foreign_key_checks = 0")
    for table in filled:
        verb = "TRUNCATE" if table.info.get("append_only") else "DELETE FROM"
        connection.exec_driver_sql(f"{verb} `{table.name}`")
    connection.exec_driver_sql("SET foreign_key_checks = 1")
    # As the migrations do: two transactions that make the same first row there lock each other out.
    for head in ("journal_head", "audit_head"):
        connection.exec_driver_sql(
            f"INSERT INTO {head} (id, seq, hash) VALUES (1, 0, REPEAT('0', 64))"
        )
