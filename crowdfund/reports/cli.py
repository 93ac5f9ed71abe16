"""`flask selfcheck`: prove that journal, payments, campaigns and chain agree."""

import click
from flask.cli import with_appcontext

from .. import db
from . import drift, service


@click.command()
@click.option("--chain/--no-chain", default=True, help="Also compare with the contracts (I9).")
@with_appcontext
def selfcheck(*, chain: bool) -> None:
    """Prove I1–I5, I7–I11, I14; exit with 1 and a line for each broken one."""
    found = service.selfcheck()
    db.commit()
    if chain:
        found = found + drift.problems()
        db.commit()
    for problem in found:
        click.echo(problem)
    if found:
        raise SystemExit(1)
    click.echo("selfcheck: clean" + (" (journal, payments, campaigns, audit log, chain)" if chain else ""))


commands = [selfcheck]
