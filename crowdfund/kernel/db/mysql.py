"""What only MySQL and MariaDB need: the text encoding of tables, and an insert of missing rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.compiler import DDLCompiler

if TYPE_CHECKING:
    from alembic.operations import Operations
    from sqlalchemy.dialects.mysql import Insert

# Compares text by its letters, as SQLite and PostgreSQL do. Other collations take ज़ोया and जोया,
# or Bob and bob, for the same unique key; the server's own default may not even hold Amharic.
CHARSET, COLLATION = "utf8mb4", "utf8mb4_bin"
CONNECT = {
    "charset": CHARSET,
    # Without strict mode the server cuts long values and turns invalid ones into 0.
    "init_command": "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
}
Row = Mapping[str, Any]


@compiles(CreateTable, "mysql", "mariadb")
def _name_the_encoding(element: CreateTable, compiler: DDLCompiler, **how: Any) -> str:
    text = str(compiler.visit_create_table(element, **how)).rstrip()  # type: ignore[no-untyped-call]
    if "CHARSET" in text:
        return text
    return f"{text} ENGINE=InnoDB CHARSET={CHARSET} COLLATE={COLLATION}\n\n"


def name_the_encoding(op: "Operations") -> None:
    """Give tables of older releases, made with the server's defaults, our encoding (a migration).

    MariaDB changes no column that a foreign key needs, so all of them are put aside meanwhile.
    Databases other than MySQL and MariaDB are left alone.
    """
    bind = op.get_bind()
    if bind.dialect.name not in ("mysql", "mariadb"):
        return
    encoding = f"CHARACTER SET {CHARSET} COLLATE {COLLATION}"
    op.execute(f"ALTER DATABASE `{bind.engine.url.database}` {encoding}")
    others = sa.text(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_type = 'BASE TABLE' AND table_collation <> :collation"
    )
    names = bind.execute(others, {"collation": COLLATION}).scalars().all()
    if not names:
        return
    inspector = sa.inspect(bind)
    keys = [
        (table, key)
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
    ]
    for table, key in keys:
        op.drop_constraint(str(key["name"]), table, type_="foreignkey")
    for name in names:
        op.execute(f"ALTER TABLE `{name}` CONVERT TO {encoding}")
    for table, key in keys:
        columns, target = key["constrained_columns"], key["referred_table"]
        op.create_foreign_key(
            key["name"], table, target, columns, key["referred_columns"], **key["options"]
        )


def insert_missing(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose unique keys are all new; return how many went in.

    `INSERT IGNORE` would ignore every other error as well (broken CHECKs, values cut or lost). It
    and a plain INSERT take a shared lock on a row that exists: of several that then want it FOR
    UPDATE each waits for the others. ON DUPLICATE KEY takes the exclusive lock at once.
    """
    missing = [row for row in rows if not _exists(connection, table, row)]
    if not missing:
        return 0
    # The driver counts an existing row like a new one, so the statement counts those itself.
    connection.exec_driver_sql("SET @existing = 0")
    connection.execute(_insert_of(table), [dict(row) for row in missing])
    existing = connection.exec_driver_sql("SELECT @existing").scalar_one()
    return len(missing) - int(existing)


def _insert_of(table: sa.Table) -> "Insert":
    """Return an INSERT that counts the rows that exist already, and changes nothing in them."""
    from sqlalchemy.dialects.mysql import insert  # noqa: PLC0415 - loaded by then

    key = next(iter(table.primary_key.columns))
    same = sa.func.IF(sa.literal_column("(@existing := @existing + 1)"), key, key)
    return insert(table).on_duplicate_key_update({key.name: same}).inline()


def _exists(connection: Connection, table: sa.Table, row: Row) -> bool:
    same = [sa.and_(*(column == row[column.key] for column in key)) for key in _keys(table, row)]
    if not same:
        return False
    return (
        connection.execute(sa.select(sa.literal(1)).where(sa.or_(*same)).limit(1)).first()
        is not None
    )


def _keys(table: sa.Table, row: Row) -> Iterator[list[Any]]:
    """Yield the columns of each unique key of which a row has every value; NULL equals nothing."""
    unique = [*table.constraints, *(index for index in table.indexes if index.unique)]
    for key in unique:
        if isinstance(key, sa.PrimaryKeyConstraint | sa.UniqueConstraint | sa.Index):
            columns = list(key.columns)
            if columns and all(row.get(column.key) is not None for column in columns):
                yield columns
