"""`flask selfcheck`: prove that journal, payments, campaigns and chain agree."""

import click
from flask.cli import with_appcontext

from crowdfund.kernel import db
from crowdfund.reports import drift, service


@click.command()
@click.option("--chain/--no-chain", default=True, help="Also compare with the contracts (I9).")
@click.option("--all", "everything", is_flag=True, help="Prove everything from its first entry on.")
@with_appcontext
def selfcheck(*, chain: bool, everything: bool) -> None:
    """Prove I1–I5, I7–I11, I14; exit with 1 and a line for each broken one.

    Without --all, what was proved before is trusted, except for a slice of it that is proved again.
    """
    found = service.prove_all() if everything else service.selfcheck()
    if everything and not found:
        found = service.catch_up()
    if chain:
        found = found + drift.problems()
        db.commit()
    for problem in found:
        click.echo(problem)
    if found:
        raise SystemExit(1)
    covered = " (journal, payments, campaigns, audit log, chain)" if chain else ""
    click.echo(f"selfcheck: clean{covered}")


commands = [selfcheck]
