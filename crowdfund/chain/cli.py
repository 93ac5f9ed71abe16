"""`flask chain …`: deploy, status, reconcile, fill-nonce, keys; exit code 1 for a problem."""

# ruff: noqa: PLC0415 - the web process imports this file too and must not load web3

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import click
from flask.cli import AppGroup

from crowdfund.chain import comparers, queries, request_queries, requests, rules
from crowdfund.chain.requests import Wanted
from crowdfund.chain.rows import RequestRow
from crowdfund.kernel import audit, config, money, outbox
from crowdfund.kernel.db import commit, db, new_id
from crowdfund.kernel.errors import CrowdfundError

cli = AppGroup("chain", help="The contracts and the writes to them.")
commands = [cli]
T = TypeVar("T")


def _run(work: Callable[[], T]) -> T:
    """Run a command's work; an obstacle becomes a sentence and exit code 1."""
    from crowdfund.adapters.chain.answers import NodeError
    from crowdfund.adapters.chain.errors import NodeUnreachable

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
    """Put the contracts on chain, grant roles, store the addresses. Safe to run again."""
    from crowdfund.chain import deploy as deployment

    found = _run(lambda: deployment.run(click.echo, commit))
    click.echo(f"{len(found)} contracts are ready on chain {config.settings().chain_id}.")


@cli.command("status")
def status() -> None:
    """Show node, signers, pending writes and how far the chain was read."""
    from crowdfund.chain import inspect

    report = _run(inspect.report)
    for line in report.lines:
        click.echo(line)
    if report.problems:
        raise click.ClickException("; ".join(report.problems))


@cli.command("reconcile")
@click.option("--wait", "wait_s", default=30.0, help="Seconds to drive the queue before comparing.")
def reconcile(wait_s: float) -> None:
    """Drive every unfinished write again, then compare SQL with the chain."""
    from crowdfund.chain import inspect

    driven = _run(inspect.drive)
    commit()
    done = outbox.drain("chain", limit_s=wait_s)
    click.echo(f"{driven} unfinished writes, {done} steps done")
    problems = [*_run(inspect.differences), *queries.nonce_problems(), *comparers.problems()]
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
    from crowdfund.chain import connection, gaps

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


@cli.command("give-tokens")
@click.argument("address")
@click.argument("amount")
def give_tokens(address: str, amount: str) -> None:
    """Give an address tokens and gas money, to try the local stack with a wallet of one's own."""
    from crowdfund.chain import giving

    _run(lambda: giving.give_tokens(address, money.parse(amount)))
    click.echo(f"{address} has {amount} tokens more, and gas money.")


# --- keys and pause -------------------------------------------------------------------------------

_YES = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
_REASON = click.option(
    "--reason", default="", help="Why; it is kept in the history and the audit log."
)
_WAIT = click.option("--wait", "wait_s", default=120.0, help="Seconds to wait for the chain.")
_ROLE = click.argument("role", type=click.Choice(rules.ROLES))


@cli.command("pause")
@_YES
@_REASON
@_WAIT
def pause(yes: bool, reason: str, wait_s: float) -> None:
    """Stop new money on chain: no investment, no record. Refunds, closings and releases go on."""
    what = "New money stops on every campaign. Payments that settle meanwhile wait to be recorded."
    _carry_out(Wanted("pause", reason), what, yes=yes, wait_s=wait_s)


@cli.command("unpause")
@_YES
@_REASON
@_WAIT
def unpause(yes: bool, reason: str, wait_s: float) -> None:
    """Let new money in again; what waited is recorded."""
    what = "New money comes in again, and what has waited is recorded."
    _carry_out(Wanted("unpause", reason), what, yes=yes, wait_s=wait_s)


@cli.command("revoke")
@_ROLE
@click.argument("address")
@_YES
@_REASON
@_WAIT
def revoke(role: str, address: str, yes: bool, reason: str, wait_s: float) -> None:
    """Take every right of ROLE from ADDRESS, for a key that has leaked."""
    what = (
        f"{address} loses every right of the {role}. If the platform signs with it, its writes "
        f"wait "
        f"until you run: flask chain rotate {role}"
    )
    _carry_out(Wanted("revoke", reason, role=role, address=address), what, yes=yes, wait_s=wait_s)


@cli.command("rotate")
@_ROLE
@click.option(
    "--to", "new_address", default="", help="Address of a key that you hold; else one is made."
)
@_YES
@_REASON
@_WAIT
def rotate(role: str, new_address: str, yes: bool, reason: str, wait_s: float) -> None:
    """Replace the key of ROLE: make, grant, check, switch, take the roles from the old key.

    Safe to run again after an interruption. A new key is never printed; its file is readable by
    its owner only.
    """
    what = (
        f"The {role} gets a new key, and the present one loses its roles. What the old key has "
        f"under "
        "way is finished or queued again."
    )
    wanted = Wanted("rotate", reason, role=role, new_address=new_address)
    _carry_out(wanted, what, yes=yes, wait_s=wait_s)


@cli.command("raise-cap")
@click.argument("amount")
@_YES
@_REASON
@_WAIT
def raise_cap(amount: str, yes: bool, reason: str, wait_s: float) -> None:
    """Let the recorder record AMOUNT more today than the cap of a day."""
    minor = _run(lambda: money.parse(amount))
    what = (
        f"Today the recorder may record {money.fmt(minor)} more. "
        "Check first that a bank has settled it."
    )
    _carry_out(Wanted("raise_cap", reason, amount_minor=minor), what, yes=yes, wait_s=wait_s)


def _carry_out(wanted: Wanted, what: str, *, yes: bool, wait_s: float) -> None:
    """Explain, ask, begin, and drive the queue until it is done or the time is over."""
    click.echo(what)
    if not yes:
        click.confirm("Go on?", abort=True)
    if not wanted.reason:
        wanted = replace(wanted, reason="asked for at the server")
    request_id = _run(lambda: requests.begin(wanted, actor="cli"))
    commit()
    until = time.monotonic() + wait_s
    found = _drive(request_id)
    while found.status == rules.RequestStatus.RUNNING and time.monotonic() < until:
        time.sleep(0.5)
        found = _drive(request_id)
    if found.status == rules.RequestStatus.RUNNING:
        waits = found.problem or "the chain has not confirmed everything yet"
        raise click.ClickException(f"Not finished: {waits}. The worker goes on, or run this again.")
    if found.status != rules.RequestStatus.DONE:
        raise click.ClickException(found.problem or f"It is {found.status}; nothing more is done.")
    click.echo(_outcome(found))


def _drive(request_id: str) -> RequestRow:
    requests.wake()
    outbox.add("chain.index", f"chain.index:{request_id}:{new_id()}")
    commit()
    outbox.drain("chain")
    db.session.remove()
    return request_queries.get(request_id)


def _outcome(found: RequestRow) -> str:
    if found.kind != "rotate":
        return "Done, and confirmed on chain."
    return (
        f"Done: {found.new_address} is the {found.role} now, {found.address} has lost its roles. "
        f"Gas "
        "money that is left on the old address can be sent on with the old key, which is kept "
        "beside "
        "the new one."
    )
