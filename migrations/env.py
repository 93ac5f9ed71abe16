"""Alembic's entry: the app's engine and metadata, our column types rendered by name."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app

from crowdfund.campaigns.triggers import LISTING
from crowdfund.kernel.db import UTCDateTime
from crowdfund.kernel.db.substrings import is_part_of_index

db = current_app.extensions["migrate"].db


def render_item(kind, item, autogen_context):
    """Write our own types as themselves."""
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen_context.imports.add("from crowdfund.kernel.db import UTCDateTime")
        return "UTCDateTime()"
    return False


def include_object(_object, name, kind, _reflected, _compare_to):
    """Leave alone what is not ours, and what no model describes."""
    if is_part_of_index(LISTING, kind, name):
        return False
    return not (kind == "table" and name == "alembic_version")


def run_online() -> None:
    """Run the migrations on the app's engine, in one transaction where the database can."""
    with db.engine.connect() as connection, _without_foreign_keys(connection):
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            include_object=include_object,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _without_foreign_keys(connection) -> Iterator[None]:
    """Let SQLite rebuild a table that others point at, and check every reference afterwards.

    SQLite changes a table by making a new one and dropping the old; with the keys on, that would
    remove or refuse what belongs to the rows. The switch works outside of transactions only.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        if broken := driver.execute("PRAGMA foreign_key_check").fetchall():
            raise RuntimeError(f"references that lead nowhere: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def run_offline() -> None:
    """Print the SQL instead of running it."""
    url = current_app.config["SQLALCHEMY_DATABASE_URI"]
    context.configure(
        url=url, target_metadata=db.metadata, literal_binds=True, render_item=render_item
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
