"""`flask fx …`: the dated exchange rates of tokens."""

from datetime import date
from fractions import Fraction
from typing import Any

import click
from flask.cli import AppGroup

from crowdfund.exchange_rates import rules, service
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import commit
from crowdfund.kernel.errors import CrowdfundError, InvalidFields
from crowdfund.token_payments import queries as rates
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.rules import rate_words
from crowdfund.token_payments.service import NewRate

cli = AppGroup("fx", help="Exchange rates of tokens: dated, with a source, never changed.")
commands = [cli]


@cli.command("add")
@click.argument("token")
@click.argument("currency")
@click.argument("rate")
@click.option("--source", required=True, help="Where the rate comes from.")
@click.option("--from", "from_on", default="", help="First day; today if it is left out.")
@click.option("--reason", default="Entered on the command line.", help="Kept in the history.")
@click.option("--checked", is_flag=True, help="Confirm a change of more than 10 %.")
def add(token: str, currency: str, rate: str, *, source: str, from_on: str, **more: Any) -> None:
    """Propose a RATE: what one TOKEN is worth in CURRENCY. A colleague approves it on the desk.

    Only the very first rate of the platform counts at once. One to one is
    `flask fx add cETB ETB 1 --source "Parity by the issuer's terms"`.
    """
    today = clock.today(config.settings().time_zone).isoformat()
    try:
        wanted = rules.parse_rate(rate)
        now = rates.rate_at(token, currency, clock.now())
        if not rates.known_tokens(most=1):
            _add_first(token, currency, wanted, source=source, from_on=from_on)
            said = "The first rate was added."
        elif now is not None and Fraction(now.numerator, now.denominator) == wanted:
            said = "This rate applies already."
        else:
            values = {"token": token, "currency": currency, "rate": rate, "source": source}
            values |= {"from_on": from_on or today, "reason": more["reason"]}
            service.propose(values | {"has_checked": more["checked"]}, actor="cli")
            said = "Proposed. A colleague has to approve it under /staff/rates."
    except InvalidFields as error:
        raise click.ClickException(" ".join(error.errors.values())) from error
    except CrowdfundError as error:
        raise click.ClickException(error.user_message) from error
    commit()
    click.echo(said)


def _add_first(token: str, currency: str, rate: Fraction, *, source: str, from_on: str) -> None:
    moment = clock.now().replace(microsecond=0)
    if from_on:
        try:
            day = date.fromisoformat(from_on)
        except ValueError:
            raise click.ClickException(f"{from_on!r} is no day like 2026-12-31.") from None
        moment = rules.begins_at(day, config.settings().time_zone)
    wanted = NewRate(token, currency, rate.numerator, rate.denominator, moment, source)
    token_payments.add_rate(wanted, actor="cli")


@cli.command("list")
def show() -> None:
    """List the newest rates."""
    for row in rates.rates():
        click.echo(
            f"{row.valid_from:%Y-%m-%d %H:%M} 1 {row.token} = {rate_words(row)} "
            f"{row.currency} ({row.source})"
        )
