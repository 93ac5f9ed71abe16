"""`flask seed-demo`: make the demo story."""

import click
from flask.cli import with_appcontext
from flask.globals import app_ctx

from crowdfund.local.story import making


@click.command("seed-demo")
@with_appcontext
def seed_demo() -> None:
    """Make the demo story (companies, campaigns, investors, payments); does nothing twice."""
    count = making.make(app_ctx.app)
    click.echo(
        f"demo story: {count} investments made" if count else "demo story: it is here already"
    )
