"""`flask chain deploy | status | reconcile | fill-nonce`; each ends non-zero when something is wrong."""

# ruff: noqa: PLC0415 - the web process imports this file too and must not load web3

from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from .. import audit, config, outbox
from ..db import commit
from ..errors import CrowdfundError
from . import comparers, queries, rules

cli = AppGroup("chain", help="The contracts and the writes to them.")
commands = [cli]


def _run(work: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Run a command's work; what stands against it becomes a sentence and exit code 1."""
    from ..adapters.chain import NodeError, NodeUnreachable

    try:
        return work()
    except CrowdfundError as error:
        raise click.ClickException(error.user_message) from error
    except NodeUnreachable as error:
        url = config.settings().chain_rpc_url
        raise click.ClickException(f"The node at {url} does not answer: {error}") from error
    except NodeError as error:
        raise click.ClickException(f"The node refused: {error}") from error


@cli.command("deploy")
def deploy() -> None:
    """Put the contracts on chain, grant roles, keep the addresses. Safe to run again."""
    from . import deploy as deployment

    found = _run(lambda: deployment.run(click.echo, commit))
    click.echo(f"{len(found)} contracts are ready on chain {config.settings().chain_id}.")


@cli.command("status")
def status() -> None:
    """Show node, signers, pending writes and how far the chain was read."""
    from . import inspect

    report = _run(inspect.report)
    for line in report.lines:
        click.echo(line)
    if report.problems:
        raise click.ClickException("; ".join(report.problems))


@cli.command("reconcile")
@click.option("--wait", "wait_s", default=30.0, help="Seconds to drive the queue before comparing.")
def reconcile(wait_s: float) -> None:
    """Drive every unfinished write again, then compare SQL with the chain."""
    from . import inspect

    driven = _run(inspect.drive)
    commit()
    done = outbox.drain("chain", limit_s=wait_s)
    click.echo(f"{driven} unfinished writes, {done} steps done")
    problems = [*_run(inspect.differences), *queries.check_I8(), *comparers.problems()]
    commit()
    for problem in problems:
        click.echo(f"differs: {problem}")
    if problems:
        raise click.ClickException(f"{len(problems)} differences; see above")
    click.echo("SQL and chain agree.")


@cli.command("fill-nonce")
@click.argument("role", type=click.Choice(rules.ROLES))
def fill_nonce(role: str) -> None:
    """Fill the nonces that a key's later transactions wait for, without the usual delay."""
    from . import connection, gaps

    address = _run(lambda: connection.address_of(role))
    found = _run(gaps.look)
    if found.problem:
        raise click.ClickException(found.problem)
    filled = _run(lambda: gaps.act(found, {address: "cli"})).get(address)
    if filled:
        audit.record("cli", "chain.fill_nonce", ("signer", address), {"filled": filled})
    commit()
    if not filled:
        click.echo(f"No nonce of the {role} key is missing.")
        return
    outbox.drain("chain")
    click.echo(f"{filled} nonces of the {role} key were filled; what waited behind them goes on.")
