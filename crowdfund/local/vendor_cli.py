"""`flask vendor check`: third-party files are what we pinned."""

import click
from flask.cli import AppGroup

from crowdfund.kernel import vendored

vendor_cli = AppGroup("vendor", help="Third-party files under static/vendor.")


@vendor_cli.command("check")
def check() -> None:
    """Compare every vendored file with its sha384 in vendor.json; exit 1 on a difference."""
    wrong = vendored.wrong_files()
    for name in wrong:
        click.echo(
            f"static/vendor/{name}: missing, changed, or not listed in vendor.json", err=True
        )
    if wrong:
        raise SystemExit(1)
    click.echo(f"{len(vendored.manifest())} vendored files match vendor.json")
