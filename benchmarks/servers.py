"""Web servers for the benchmarks, and which of them serves our list better.

One worker each, four threads, as the local stack starts them; only one is under load at a time.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from benchmarks import load, sites, turns
from crowdfund.local.ports import free_port

THREADS = "4"
SECONDS, ROUNDS = 0.5, 15
GOAL = 1.47
START_S = 120  # a busy machine


def run(*, small: bool = False) -> dict[str, Any]:
    """Return requests a second of our list on granian against gunicorn with threads."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sites.prepare(folder)
        ports = {"granian": free_port(), "gunicorn": free_port()}
        argvs = {
            ports["granian"]: _granian("ours", ports["granian"]),
            ports["gunicorn"]: _gunicorn(ports["gunicorn"]),
        }
        with _running(folder, argvs):
            seconds, rounds = (0.05, 2) if small else (SECONDS, ROUNDS)
            works = {server: _shot(port, seconds) for server, port in ports.items()}
            rates = turns.take(works, rounds=rounds)
    return {"list, granian against gunicorn": turns.row(rates["granian"], rates["gunicorn"], GOAL)}


def _shot(port: int, seconds: float) -> Any:
    return lambda: load.per_second(port, "/campaigns", sites.cookie("ours"), seconds=seconds)


@contextmanager
def granian(folder: Path, names: Iterable[str]) -> Iterator[dict[str, int]]:
    """Serve sites by one granian worker each; give their ports."""
    ports = {name: free_port() for name in names}
    with _running(folder, {port: _granian(name, port) for name, port in ports.items()}):
        yield ports


def _granian(site: str, port: int) -> list[str]:
    return [
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        THREADS,
        "--http",
        "1",
        "--no-ws",
        "--factory",
        f"benchmarks.sites:{site}",
    ]


def _gunicorn(port: int) -> list[str]:
    return [
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--worker-class",
        "gthread",
        "--threads",
        THREADS,
        "--log-level",
        "warning",
        "benchmarks.sites:ours()",
    ]


@contextmanager
def _running(folder: Path, argvs: dict[int, list[str]]) -> Iterator[None]:
    env = os.environ | {sites.FOLDER: str(folder)}
    with (folder / "servers.log").open("ab") as log:
        started = [
            subprocess.Popen(
                [sys.executable, "-m", *argv],
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            for argv in argvs.values()
        ]
    try:
        for port in argvs:
            _wait_for(port, folder / "servers.log")
        yield
    finally:
        _end(started)


def _end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(timeout=15)
        except (
            subprocess.TimeoutExpired
        ):  # granian waits for ever for a worker that was just starting
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with suppress(OSError, HTTPException):
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/campaigns", headers={"Connection": "close"})
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(log.read_text()[-3000:])
