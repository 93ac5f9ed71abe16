"""Commands of `flask`, loaded on first use: web processes and workers need none of them."""

from collections.abc import Callable

import click
from flask import Flask
from flask.cli import AppGroup

from crowdfund.kernel.db import db


class FeatureCommands(AppGroup):
    """The application's group of commands; their modules are imported on first use."""

    def __init__(self, app: Flask, load: Callable[[], list[click.Command]]) -> None:
        super().__init__(name=app.name)
        self._app, self._load, self._is_loaded = app, load, False

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        self._complete()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        self._complete()
        return super().list_commands(ctx)

    def _complete(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        set_up_migrations(self._app)
        for command in self._load():
            self.add_command(command)


class MigrationSettings:
    """A placeholder in `app.extensions` that sets Flask-Migrate up on first use.

    Flask-Migrate imports Alembic: 5 MB and 60 ms that only migrations need.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> object:
        set_up_migrations(self._app)
        return getattr(self._app.extensions["migrate"], name)


def set_up_migrations(app: Flask) -> None:
    """Set Flask-Migrate up and add its command `flask db`."""
    from flask_migrate import Migrate

    Migrate(app, db, directory="migrations", render_as_batch=True)


def init_app(app: Flask, load: Callable[[], list[click.Command]]) -> None:
    """Give the application its commands and migrations, both loaded at first use."""
    app.extensions["migrate"] = MigrationSettings(app)
    app.cli = FeatureCommands(app, load)
