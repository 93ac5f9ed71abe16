"""Tables that only grow: triggers against changes, status events, known states."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection

from crowdfund.kernel import clock
from crowdfund.kernel.db.engines import Base, db
from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.kernel.db.types import ID, UTCDateTime, new_id

if TYPE_CHECKING:
    from alembic.operations import Operations

M = TypeVar("M", bound=type[Base])
_ACTOR = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


def append_only_ddl(table: str, dialect: str, keys: Sequence[Sequence[str]] = ()) -> list[str]:
    """Return the statements which make a table refuse UPDATE and DELETE on a database.

    SQLite's REPLACE removes a row without asking the trigger for DELETE, so a trigger looks for
    the `keys` (the columns of each unique key) of a new row; without them it is left out.
    """
    message = f"{table} is append-only"
    if dialect == "sqlite":
        statements = [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            for verb in ("update", "delete")
        ]
        return [*statements, *([no_replace_ddl(table, keys)] if keys else [])]
    if dialect == "postgresql":
        return [
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$ "
            "LANGUAGE plpgsql",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ]
    # TRUNCATE and DROP ask no trigger here: the application's user must not have the privilege
    # (`flask grants`).
    return [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} FOR EACH ROW "
        f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{message}'"
        for verb in ("update", "delete")
    ]


def no_replace_ddl(table: str, keys: Sequence[Sequence[str]]) -> str:
    """Return SQLite's trigger that refuses a row with a key that the table has already."""
    found = sa.table(table)
    known = " OR ".join(
        str(
            sa.exists()
            .select_from(found)
            .where(*(sa.column(name) == sa.literal_column(f'NEW."{name}"') for name in key))
        )
        for key in sorted(keys, key=tuple)
    )
    return (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {known} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only and has this key already'); END"
    )


def unique_keys(connection: Connection, table: str) -> list[tuple[str, ...]]:
    """Return the columns of each unique key that a table has in the database."""
    inspector = sa.inspect(connection)
    keys: list[Sequence[str | None]] = [
        inspector.get_pk_constraint(table)["constrained_columns"],
        *(one["column_names"] for one in inspector.get_unique_constraints(table)),
        *(one["column_names"] for one in inspector.get_indexes(table) if one["unique"]),
    ]
    return sorted({tuple(str(column) for column in key) for key in keys if key})


def make_append_only(op: "Operations", table: str) -> None:
    """Create the append-only triggers of a table in a migration."""
    bind = op.get_bind()
    keys = unique_keys(bind, table) if bind.dialect.name == "sqlite" else ()
    for statement in append_only_ddl(table, bind.dialect.name, keys):
        op.execute(statement)


def append_only(model: M) -> M:
    """Mark a model: its rows can be added, never changed or removed (class decorator)."""
    protect(model.__table__)
    return model


def protect(table: sa.Table) -> sa.Table:
    """Attach the append-only triggers to a table for `create_all`; migrations call the DDL."""
    table.info["append_only"] = True

    def create(_target: sa.Table, connection: Connection, **_: object) -> None:
        name = connection.dialect.name
        keys = unique_keys(connection, table.name) if name == "sqlite" else ()
        for statement in append_only_ddl(table.name, name, keys):
            connection.exec_driver_sql(statement)

    event.listen(table, "after_create", create)
    return table


def event_table(subject: str) -> sa.Table:
    """Return the append-only `<subject>_event` table: who changed what status, when and why."""
    return protect(
        sa.Table(
            f"{subject}_event",
            db.metadata,
            sa.Column("id", ID, primary_key=True, default=new_id),
            sa.Column(
                f"{subject}_id", ID, sa.ForeignKey(f"{subject}.id"), nullable=False, index=True
            ),
            sa.Column("at", UTCDateTime, nullable=False, default=clock.now),
            sa.Column("actor", ID, nullable=False),
            sa.Column("from_status", sa.String(24)),
            sa.Column("to_status", sa.String(24), nullable=False),
            sa.Column("reason", sa.String(1000), nullable=False, default=""),
        )
    )


def record_event(
    table: sa.Table,
    subject_id: str,
    *,
    actor: str,
    before: str | None,
    after: str,
    reason: str = "",
) -> None:
    """Append one status change to an event table; `actor` is a user id or `system`.

    A reason is cut at 1,000 characters, which the column holds.
    """
    record_events(table, [(subject_id, before)], actor=actor, after=after, reason=reason)


def record_events(
    table: sa.Table,
    subjects: Sequence[tuple[str, str | None]],
    *,
    actor: str,
    after: str,
    reason: str = "",
) -> None:
    """Append a status change of each subject, given with the status before, in one statement.

    Raises ValueError for an actor that is neither an id nor a word like `system`.
    """
    if not subjects:
        return
    if not _ACTOR.fullmatch(actor):
        raise ValueError(f"{actor!r} is nobody who changes a status")
    name = f"{table.name.removesuffix('_event')}_id"
    common = {"actor": actor, "to_status": after, "reason": reason[:1000]}
    rows = [{**common, name: key, "from_status": before} for key, before in subjects]
    db.session.execute(sa.insert(table), rows)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A row of an event table: who changed a status, when and why; `actor` may be `system`."""

    at: datetime
    actor: str
    from_status: str | None
    to_status: str
    reason: str


def status_changes(events: sa.Table, subject_id: str) -> list[StatusChange]:
    """Return the history of one thing in an event table, oldest first."""
    subject = events.c[f"{events.name.removesuffix('_event')}_id"]
    query = sa.select(*columns(StatusChange, events)).where(subject == subject_id)
    return read_all(StatusChange, query.order_by(events.c.at, events.c.id))


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Return a named CHECK that a status column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
