"""`flask reconcile bank --since TIME`: ask the bank for what our books may have missed."""

from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup

from crowdfund.adapters import gateways
from crowdfund.adapters.gateways import CannotList
from crowdfund.kernel import money
from crowdfund.kernel.db import commit, db, reading
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.payments import jobs, queries
from crowdfund.payments.service import applying, listing
from crowdfund.payments.service.answers import Unclear
from crowdfund.payments.service.listing import Listed

MARGIN = timedelta(hours=1)  # clocks differ, and a payment is opened before it is known
# payments that ended without money shortly before are asked about too
ENDED_WITHIN = timedelta(days=3)

# an operator waits for the end of this: each payment is asked about, however slow the bank
WAIT_S = 3600.0
_NONE = Unclear("It was not asked about.")

cli = AppGroup("reconcile", help="Compare our books with the outside.")
commands = [cli]


@cli.command("bank")
@click.option("--since", required=True, help="ISO moment, such as 2026-06-15T09:00:00+00:00.")
@click.option("--gateway", default="bill_bitts", show_default=True)
def bank(since: str, gateway: str) -> None:
    """Ask for the status of open payments, and take in transactions that we do not know.

    Nothing is credited automatically: what is new waits for staff at /staff/exceptions. Run this
    after a restore; it may be repeated.
    """
    moment = _moment(since)
    try:
        asked, unclear = _ask_about_open(moment)
        click.echo(f"{asked} open payments were asked about, {unclear} without a clear answer.")
        found = _compare_list(gateway, moment - MARGIN)
    except CannotList as error:
        raise click.ClickException(
            f"{error.user_message} Open payments were asked about; transactions that our books "
            "do not know could not be found."
        ) from error
    except CrowdfundError as error:
        raise click.ClickException(
            f"{error.user_message} Run it again; nothing is taken twice."
        ) from error
    _report(found)
    if unclear:
        raise click.ClickException(f"{unclear} payments are unclear: run it again.")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text} is not a moment in ISO form.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ask_about_open(since: datetime) -> tuple[int, int]:
    """Ask the gateway about every open payment, a batch in each transaction."""
    after, asked, unclear = "", 0, 0
    while True:
        with reading():
            rows = queries.open_at_bank(after, since - ENDED_WITHIN, jobs.BATCH)
            db.session.remove()
        if not rows:
            return asked, unclear
        pairs = [(row.gateway, row.name) for row in rows]
        answers = jobs.ask(pairs, start_within_s=WAIT_S)
        applying.apply_truths([row.id for row in rows], answers)
        commit()
        db.session.remove()
        after, asked = rows[-1].id, asked + len(rows)
        unclear += sum(isinstance(answers.get(pair, _NONE), Unclear) for pair in pairs)


def _compare_list(gateway: str, since: datetime) -> Listed:
    found = Listed()
    for page in gateways.transactions(gateway, since):
        found.add(listing.compare_listed(gateway, page))
        commit()
        db.session.remove()
    return found


def _report(found: Listed) -> None:
    click.echo(f"The bank's list has {found.known} transactions that our books know.")
    sums = ", ".join(
        f"{money.decimal_str(m, c)} {c}" for c, m in sorted(found.suspense_minor.items())
    )
    if found.new:
        click.echo(
            f"{found.new} were unknown: {sums} lies in suspense and waits at /staff/exceptions. "
            "Credit it to its owner or return it."
        )
    if found.unsettled:
        click.echo(
            f"{found.unsettled} unknown ones are paid but not settled: "
            "run this again after settlement."
        )
    if not found.new and not found.unsettled:
        click.echo("The bank has nothing that our books do not know.")
