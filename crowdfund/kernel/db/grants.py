"""The least privileges of the application's database user, and whether it has more."""

import re
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.kernel.db.engines import db

_EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
_APPEND = "SELECT, INSERT"
_VERSION_TABLE = "alembic_version"
# On MariaDB each of these empties or unlocks a table without asking its triggers.
_DANGEROUS = ("ALL PRIVILEGES", "ALTER", "DROP", "TRIGGER")
_GRANT = re.compile(r"GRANT (?P<what>.+?) ON (?:TABLE )?(?P<schema>\S+)\.(?P<table>\S+) TO ")


def statements(connection: Connection, user: str) -> list[str]:
    """Return the statements that give a user what the application needs, and nothing more.

    `user` is a name, on MariaDB NAME@HOST. To be run by the owner of the tables after each
    migration. Empty on SQLite, which has no users.
    """
    dialect = connection.dialect.name
    if dialect == "sqlite":
        return []
    quote = connection.dialect.identifier_preparer.quote_identifier
    tables = sa.inspect(connection).get_table_names()
    if dialect == "postgresql":
        name = quote(user)
        return [
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
            f"GRANT USAGE ON SCHEMA public TO {name}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}",
            *(f"GRANT {_needs(one)} ON {quote(one)} TO {name}" for one in sorted(tables)),
        ]
    name, schema = _account(user), quote(str(connection.engine.url.database))
    return [
        f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {name}",
        *(f"GRANT {_needs(one)} ON {schema}.{quote(one)} TO {name}" for one in sorted(tables)),
    ]


def _needs(table: str) -> str:
    if table == _VERSION_TABLE:
        return "SELECT"
    known = db.metadata.tables.get(table)
    return _APPEND if known is not None and known.info.get("append_only") else _EVERYTHING


def _account(user: str) -> str:
    name, _, host = user.rpartition("@") if "@" in user else (user, "", "%")
    return "@".join("'" + part.replace("\\", "").replace("'", "''") + "'" for part in (name, host))


def excess(connection: Connection) -> list[str]:
    """Return the privileges by which the current user could empty append-only tables.

    Only MariaDB and MySQL: elsewhere the triggers refuse TRUNCATE too.
    """
    if connection.dialect.name not in ("mysql", "mariadb"):
        return []
    lines = connection.exec_driver_sql("SHOW GRANTS").scalars().all()
    schema = str(connection.engine.url.database)
    return sorted({one for line in lines for one in _dangerous(str(line), schema)})


def _dangerous(line: str, schema: str) -> Iterator[str]:
    found = _GRANT.match(line)
    if found is None:
        return
    where, table = found["schema"].strip("`").replace("\\", ""), found["table"].strip("`")
    if where not in ("*", schema):
        return
    known = db.metadata.tables.get(table)
    if table == "*" or (known is not None and known.info.get("append_only")):
        held = [one.strip() for one in found["what"].split(",")]
        yield from (one for one in _DANGEROUS if one in held)
