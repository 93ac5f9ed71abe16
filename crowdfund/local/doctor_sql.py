"""Checks of the database: its tables, its encoding, and the state of background work."""

import ipaddress
from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from crowdfund.chain import queries as chain_queries
from crowdfund.kernel import clock, health, outbox
from crowdfund.kernel.config import Settings
from crowdfund.kernel.db import db, grants, reading
from crowdfund.local.environment import ROOT
from crowdfund.local.findings import Finding, first_line, masked
from crowdfund.reports import secrets as sealed_samples
from crowdfund.sign_in import queries as sign_in_queries

VISITORS_OF = timedelta(days=1)
ENOUGH = 5  # requests from one network that say nothing yet
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


def check_contracts(_settings: Settings) -> Iterator[Finding]:
    """Look for the platform's contracts."""
    try:
        with reading():
            found = [one for one in chain_queries.contracts() if one.name]
            db.session.remove()
    except sa.exc.SQLAlchemyError as error:
        yield Finding("contracts", "unknown", f"The database cannot say: {first_line(error)}.")
        return
    wrong = "" if found else "None is deployed: run `flask chain deploy`."
    yield Finding("contracts", ", ".join(str(one.name) for one in found) or "none", wrong)


def check_visitors(settings: Settings) -> Iterator[Finding]:
    """Look whether requests for codes come from the addresses of people or from the proxy's."""
    try:
        with reading():
            number, networks, one = sign_in_queries.visitors_since(clock.now() - VISITORS_OF)
            db.session.remove()
    except sa.exc.SQLAlchemyError as error:
        yield Finding("visitors", "unknown", f"The database cannot say: {first_line(error)}.")
        return
    uses = f"{number} codes requested from {networks} networks within a day"
    is_one = number >= ENOUGH and networks == 1 and not _is_outside(one)
    wrong = ""
    if is_one and settings.environment == "production":
        wrong = (
            f"All of them seem to come from {one}, so everybody shares one limit. "
            "Set PROXY_COUNT to the number of proxies, which must send X-Forwarded-For."
        )
    yield Finding("visitors", uses, wrong)


def _is_outside(network: str) -> bool:
    try:
        return ipaddress.ip_network(network, strict=False).is_global
    except ValueError:
        return False  # requests over a socket, without an address


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
