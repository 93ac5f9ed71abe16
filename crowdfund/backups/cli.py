"""`flask backup DEST` and `flask restore SRC`."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from crowdfund.kernel.errors import CrowdfundError

_PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Encrypt the keys under the first line of this file.",
)
_KEYS = click.option(
    "--keys", type=click.Path(path_type=Path), help="Folder for the keys, if not in the backup."
)


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@_KEYS
@_PASSPHRASE
@with_appcontext
def backup(target: Path, keys: Path | None, passphrase_file: Path | None) -> None:
    """Back up database, files and keys into an empty folder. Everything may go on running."""
    from crowdfund.backups import making

    try:
        made = making.make(target, click.echo, keys=keys, passphrase=_passphrase(passphrase_file))
    except CrowdfundError as error:
        raise click.ClickException(error.user_message) from error
    click.echo(
        f"The backup of {made.made_at} is in {target}. SECRET_KEY is not in it: keep it elsewhere."
    )


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_KEYS
@_PASSPHRASE
@click.option("--replace", is_flag=True, help="Remove what is in the database and the files now.")
@with_appcontext
def restore(
    source: Path, keys: Path | None, passphrase_file: Path | None, *, replace: bool
) -> None:
    """Restore a backup into an empty installation, while all programs are stopped."""
    from crowdfund.backups import restoring

    try:
        made = restoring.restore(
            source, click.echo, keys=keys, passphrase=_passphrase(passphrase_file), replace=replace
        )
    except CrowdfundError as error:
        raise click.ClickException(error.user_message) from error
    click.echo(
        f"\nThe books stand at entry {made.journal['seq']}, the chain is read again from block "
        f"{made.chain['number']}. What happened after {made.made_at} is not in them. Now run\n"
        f"  flask selfcheck --all --no-chain\n"
        f"  flask reconcile bank --since {made.made_at}\n"
        f"then start the programs, and run\n"
        f"  flask chain reconcile"
    )


def _passphrase(path: Path | None) -> str:
    if path is None:
        return ""
    words = path.read_text().splitlines()
    if not words or len(words[0]) < 12:
        raise click.ClickException(f"The first line of {path} must have at least 12 characters.")
    return words[0]


commands = [backup, restore]
