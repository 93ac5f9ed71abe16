"""`flask create-admin`: the first staff account of an installation."""

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from crowdfund.kernel import audit, db
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.people import service


@click.command("create-admin")
@click.argument("email")
@click.option("--name", default="", help="First and last name.")
@click.option(
    "--role", "roles", multiple=True, default=("admin",), help="Staff role; may be repeated."
)
@with_appcontext
def create_admin(email: str, name: str, roles: tuple[str, ...]) -> None:
    """Give staff roles to the person with this e-mail address; the account is created if new."""
    try:
        person_id = service.ensure_user(email, name, roles=roles)
        audit.record("cli", "create-admin", ("person", person_id), {"roles": list(roles)})
        db.commit()
    except CrowdfundError as error:
        raise click.ClickException(error.user_message) from error
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
        refusal = str(error.orig).splitlines()[0]
        advice = "If its tables are missing, run `flask db upgrade` first."
        text = f"The database refused: {refusal}. {advice}"
        raise click.ClickException(text) from error
    click.echo(f"{email} has the roles {', '.join(roles)} and signs in by e-mail code.")


commands = [create_admin]
