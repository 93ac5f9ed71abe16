"""Checks of the database: its tables, its encoding, and the state of background work."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from crowdfund.kernel import clock, health, outbox
from crowdfund.kernel.config import Settings
from crowdfund.kernel.db import db, grants, reading
from crowdfund.local.environment import ROOT
from crowdfund.local.findings import Finding, first_line, masked
from crowdfund.reports import secrets as sealed_samples

_UTF8 = "utf8mb4 COLLATE utf8mb4_bin"
_OTHER_ENCODINGS = (
    "SELECT (SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
    "AND table_type = 'BASE TABLE' AND table_collation <> 'utf8mb4_bin'), "
    "(SELECT count(*) FROM information_schema.columns WHERE table_schema = DATABASE() "
    "AND collation_name <> 'utf8mb4_bin'), "
    "(SELECT default_character_set_name FROM information_schema.schemata "
    "WHERE schema_name = DATABASE())"
)
_EXCESS = (
    "With these privileges the application could empty the journal, which MariaDB lets no trigger "
    "refuse. Use a user with the grants that `flask grants NAME@HOST` prints: deploy/database.md."
)


def check_database(settings: Settings) -> Iterator[Finding]:
    """Connect, and compare the tables' version with the migrations; every alphabet must fit."""
    uses = masked(settings.sqlalchemy_url)
    try:
        with db.engine.connect() as connection:
            found = set(MigrationContext.configure(connection).get_current_heads())
            encoding = _encoding_problem(connection)
            excess = grants.excess(connection)
    except sa.exc.SQLAlchemyError as error:
        yield Finding(
            "database", uses, f"It cannot be reached: {first_line(error)}. Check DATABASE_URL."
        )
        return
    wanted = set(ScriptDirectory(str(ROOT / "migrations")).get_heads())
    if found != wanted:
        yield Finding("database", uses, "Its tables are old: run `flask db upgrade`.")
        return
    yield Finding("database", uses, encoding)
    if excess and settings.environment == "production":
        yield Finding("grants", ", ".join(excess), _EXCESS)
    yield _check_sealed()


def _check_sealed() -> Finding:
    """Open a sample of each kind of secret that lies sealed in the database."""
    with reading():
        wrong = " ".join(sealed_samples.problems())
        uses = f"opens samples of {sealed_samples.counted()} kinds"
        db.session.remove()
    return Finding("sealed", uses if not wrong else "SECRET_KEY", wrong)


def _encoding_problem(connection: sa.Connection) -> str:
    """Return what to do when names in Amharic or Hindi could be lost or taken for each other."""
    if connection.dialect.name == "postgresql":
        found = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if found == "UTF8":
            return ""
        return f"Its encoding is {found}: make the database with ENCODING 'UTF8'."
    if connection.dialect.name not in ("mysql", "mariadb"):
        return ""
    tables, columns, own = connection.exec_driver_sql(_OTHER_ENCODINGS).one()
    if tables or columns:
        advice = f"ALTER TABLE … CONVERT TO CHARACTER SET {_UTF8}."
        return f"{tables} tables and {columns} columns are not in utf8mb4_bin: {advice}"
    if own != "utf8mb4":
        return f"New tables would be in {own}: ALTER DATABASE … CHARACTER SET {_UTF8}."
    return ""


def check_work(_settings: Settings) -> Iterator[Finding]:
    """Check background work: relay, workers, queues, the chain's reader, ether for gas."""
    try:
        reasons = health.reasons()
        beats = outbox.beats()
    except sa.exc.SQLAlchemyError as error:
        yield Finding("work", "unknown", f"The database cannot say: {first_line(error)}.")
        return
    now = clock.now()
    seen = ", ".join(
        f"{name} {(now - at).total_seconds():.0f} s ago" for name, at in sorted(beats.items())
    )
    yield Finding("work", seen or "nothing yet", " ".join(reason.text for reason in reasons))
