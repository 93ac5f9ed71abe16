"""`python -m crowdfund.local [run|reset]`: the whole system on this machine, in the foreground."""

import os
import queue
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import click

from crowdfund.local import stack, table
from crowdfund.local.datadir import DataDir, keep_private
from crowdfund.local.environment import ROOT, given

IMPATIENT_S = 1.0  # some shells and tools deliver one Ctrl-C twice


def data_dir() -> Path:
    """Return the data folder that the environment or .env names, else var/."""
    return Path(given().get("CROWDFUND_DATA_DIR") or ROOT / "var")


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Run the whole system on this machine."""
    keep_private()
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
@click.option("--seed/--no-seed", default=True, help="Make the demo story at the first start.")
@click.option(
    "--only", default="", help="Start just these programs, with commas between, and nothing else."
)
def run(*, seed: bool = True, only: str = "") -> None:
    """Start everything and stay in the foreground; Ctrl-C ends it all."""
    began = time.monotonic()
    asked: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        # Noted as well as raised: an exception that some code in between drops must not lose
        # Ctrl-C.
        asked.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    names = [name for name in only.split(",") if name] or None
    options = stack.Options(seed=seed, only=names, prepare=not names, say=click.echo)
    try:
        with stack.running(data_dir(), options) as running:
            click.echo(table.render(running))
            click.echo(f"Started in {time.monotonic() - began:.1f} s. Ctrl-C ends everything.")
            if not asked:
                _wait_for_a_signal()
            click.echo("\nStopping ...")
    except KeyboardInterrupt:
        click.echo("\nStopped.")
    except stack.StackError as error:
        click.echo(f"\n{error}", err=True)
        sys.exit(1)


@main.command()
def reset() -> None:
    """Remove all data of this installation; downloads stay."""
    try:
        folder = data_dir()
        DataDir(folder.absolute()).reset()
    except stack.StackError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"Removed the data in {folder}. `make run` starts anew.")


def _wait_for_a_signal() -> None:
    """Wait for Ctrl-C, SIGTERM or the end of the terminal; a second Ctrl-C ends at once."""
    # not an Event: its set() would wait for itself if the signal came in the middle of wait()
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()
    asked_at: list[float] = []

    def note(number: int, _frame: FrameType | None) -> None:
        impatient = asked_at and time.monotonic() - asked_at[0] > IMPATIENT_S
        if impatient and number == signal.SIGINT:
            os._exit(130)  # the guard and the kernel end the children
        asked_at.append(time.monotonic())
        asked.put(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    asked.get()


if __name__ == "__main__":
    main()
