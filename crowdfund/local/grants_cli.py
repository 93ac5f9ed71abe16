"""`flask grants`: the privileges of the application's database user, as SQL for its owner."""

import click
from flask.cli import with_appcontext

from crowdfund.kernel.db import db
from crowdfund.kernel.db.grants import statements


@click.command("grants")
@click.argument("user")
@with_appcontext
def grants(user: str) -> None:
    """Print the SQL that lets USER (on MariaDB: NAME@HOST) run the application and no more.

    Run it as the owner of the tables, again after each migration. See deploy/database.md.
    """
    with db.engine.connect() as connection:
        lines = statements(connection, user)
    if not lines:
        raise click.ClickException("SQLite has no users, so there is nothing to grant.")
    for line in lines:
        click.echo(f"{line};")
