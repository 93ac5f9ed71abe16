"""Installations of their own, each with a database that the migrations made and a data folder."""

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import flask_migrate
import pytest

from crowdfund import create_app
from crowdfund.kernel import config
from crowdfund.kernel.db import db, new_id, rollback
from tests.browser import Browser

MIGRATIONS = str(Path(__file__).parents[2] / "migrations")


@dataclass
class Place:
    """One installation."""

    app: object
    settings: config.Settings

    @contextmanager
    def inside(self):
        """Work there as its own programs do."""
        before = config._override
        config.use(self.settings)
        try:
            with self.app.app_context():
                yield self
                db.session.remove()
        finally:
            config.use(before)

    def flask(self, *args):
        """Run a command there; return exit code and what it said."""
        with self.inside():
            rollback()
        before = config._override
        config.use(self.settings)
        try:
            ran = self.app.test_cli_runner().invoke(args=[str(arg) for arg in args])
        finally:
            config.use(before)
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, ran.output

    def must(self, *args):
        """Run a command that has to succeed; return what it said."""
        code, said = self.flask(*args)
        assert code == 0, said
        return said


@pytest.fixture
def places(session_app, database_kind, tmp_path):
    """Make installations: `places()` is an empty database,
    `places(upgraded=True)` has its tables."""
    kept, made, numbers = config.settings(), [], count()

    def make(*, upgraded=False, **settings):
        root = tmp_path / f"place{next(numbers)}"
        root.mkdir()
        url = _database(session_app, database_kind, root)
        own = kept.model_copy(update={"database_url": url, "data_dir": root, **settings})
        app = create_app(own)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_CRASHES=True)
        app.config["ASKS_FOR_TERMS"] = False
        app.test_client_class = Browser
        place = Place(app, own)
        made.append(place)
        if upgraded:
            with place.inside():
                flask_migrate.upgrade(directory=MIGRATIONS)
        config.use(kept)
        return place

    yield make
    for place in made:
        with place.inside():
            db.engine.dispose()
    config.use(kept)


def _database(session_app, kind, root):
    with session_app.app_context():
        url = db.engine.url
        if kind == "sqlite":
            url = url.set(database=str(root / "place.db"))
        else:
            name = f"place_{new_id()}"
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            url = url.set(database=name)
    return url.render_as_string(hide_password=False)
