"""`flask clock`: show, advance and reset the time of an installation that is not in production."""

import click
from flask.cli import AppGroup

from crowdfund.kernel import clock, i18n
from crowdfund.local import clock_moves
from crowdfund.local.clock_moves import CannotMove

clock_cli = AppGroup("clock", help="Show and move the clock of this installation.")


def described() -> str:
    """Return a sentence with the platform's time, and how far it was moved."""
    now = clock.now()
    if not clock.moved_by:
        return f"It is {i18n.moment(now)}. The clock was not moved."
    return (
        f"It is {i18n.moment(now)}: the clock is {clock.moved_by} ahead of real time, "
        f"{i18n.moment(clock.real())}."
    )


def _say(*, is_finished: bool) -> None:
    click.echo(described() if is_finished else f"{described()} {clock_moves.UNFINISHED}")


@clock_cli.command()
def show() -> None:
    """Print the time of this installation."""
    click.echo(described())


@clock_cli.command()
@click.argument("amount", default="")
@click.option("--to", "to", default="", help="A date, or a date and time: 2027-01-01.")
def advance(amount: str, to: str) -> None:
    """Move the clock forward by AMOUNT (2d, 5h, 30m, 1d12h), or to a date."""
    try:
        if bool(amount) == bool(to):
            raise CannotMove("Give an amount such as 2d, or a date: --to 2027-01-01.")
        until = clock_moves.moment(to) if to else clock.now() + clock_moves.amount(amount)
        _say(is_finished=clock_moves.advance(until, actor="cli"))
    except CannotMove as error:
        raise click.ClickException(str(error)) from None


@clock_cli.command()
def reset() -> None:
    """Go back to real time."""
    try:
        _say(is_finished=clock_moves.reset(actor="cli"))
    except CannotMove as error:
        raise click.ClickException(str(error)) from None
