"""`flask fx …`: the dated exchange rates of tokens."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from crowdfund.kernel import clock
from crowdfund.kernel.db import commit
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.token_payments import queries, rules, service
from crowdfund.token_payments.service import NewRate

cli = AppGroup("fx", help="Exchange rates of tokens: dated, with a source, never changed.")
commands = [cli]


@cli.command("add")
@click.argument("token")
@click.argument("currency")
@click.argument("numerator", type=int)
@click.argument("denominator", type=int)
@click.option("--source", required=True, help="Where the rate comes from.")
@click.option("--from", "valid_from", default="", help="ISO moment; now if it is left out.")
def add(
    token: str, currency: str, numerator: int, denominator: int, source: str, valid_from: str
) -> None:
    """Add a rate: NUMERATOR minor units of CURRENCY for DENOMINATOR hundredths of TOKEN.

    One to one is `flask fx add cETB ETB 1 1 --source "Parity by the issuer's terms"`.
    """
    try:
        moment = _moment(valid_from) if valid_from else clock.now().replace(microsecond=0)
        wanted = NewRate(token, currency, numerator, denominator, moment, source)
        is_new = service.add_rate(wanted, actor="cli")
    except CrowdfundError as error:
        raise click.ClickException(error.user_message) from error
    commit()
    click.echo("The rate was added." if is_new else "This rate is there already.")


@cli.command("list")
def show() -> None:
    """List the newest rates."""
    for row in queries.rates():
        click.echo(
            f"{row.valid_from:%Y-%m-%d %H:%M} 1 {row.token} = {rules.rate_words(row)} "
            f"{row.currency} ({row.source})"
        )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.ClickException(f"{text!r} is no ISO moment.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
