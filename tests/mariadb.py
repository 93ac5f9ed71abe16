"""A private MariaDB for the tests: Debian's server on a data folder and a socket of its own.

There is no wheel as for PostgreSQL. Where the server is missing, continuous integration fails and a
developer's machine skips, with the line that installs it.
"""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pymysql
import pytest

INSTALL = "apt-get install -y --no-install-recommends mariadb-server"
# A server of somebody who never set an encoding: latin1, as it was before Debian's my.cnf.
OPTIONS = (
    "--no-defaults",
    "--skip-networking",
    "--character-set-server=latin1",
    "--collation-server=latin1_swedish_ci",
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=0",
    "--lock-wait-timeout=20",
    "--innodb-lock-wait-timeout=20",
)


@dataclass(frozen=True)
class Server:
    """A running server; its only way in is a socket."""

    socket: Path

    def url(self, database: str) -> str:
        return f"mysql://root@localhost/{database}?unix_socket={self.socket}"

    def run(self, sql: str) -> None:
        connection = pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True)
        try:
            connection.cursor().execute(sql)
        finally:
            connection.close()


def missing() -> str:
    """Return why there can be no server here, or an empty text."""
    lost = [name for name in ("mariadbd", "mariadb-install-db") if program(name) is None]
    return f"{' and '.join(lost)} not found; run: {INSTALL}" if lost else ""


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Start a server with an empty database named crowdfund;
    end it and remove its files afterwards."""
    if why := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    user = pwd.getpwuid(os.getuid()).pw_name
    data, home = (
        folder / "mariadb",
        Path(mkdtemp(prefix="mdb")),
    )  # the name of a socket has 107 letters at most
    base = [f"--datadir={data}", f"--user={user}"]
    # The server judges access by names: no grant tables, no passwords, and nobody else can reach
    # the socket.
    made = subprocess.run(
        [
            program("mariadb-install-db"),
            "--no-defaults",
            *base,
            "--auth-root-authentication-method=normal",
        ],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    server = Server(home / "s")
    log = (folder / "mariadb.log").open("wb")
    process = subprocess.Popen(
        [
            program("mariadbd"),
            *OPTIONS,
            *base,
            f"--socket={server.socket}",
            f"--pid-file={home}/pid",
        ],
        stdout=log,
        stderr=log,
    )
    try:
        _wait(server, process, folder / "mariadb.log")
        server.run("CREATE DATABASE crowdfund")
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)
        log.close()
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def _wait(server: Server, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with suppress(pymysql.err.OperationalError):
            return server.run("SELECT 1")
        time.sleep(0.05)
    raise AssertionError(f"MariaDB did not start: {log.read_text()}")
