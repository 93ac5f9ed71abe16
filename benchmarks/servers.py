"""Web servers for the benchmarks, and which of them serves our list better.

One worker each, four threads, as the local stack starts them; only one is under load at a time.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from benchmarks import load, sites, turns
from crowdfund.local.ports import free_port

THREADS = "4"
SECONDS, ROUNDS = 0.5, 15


def run() -> dict[str, Any]:
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
            rates = turns.take({server: _shot(port) for server, port in ports.items()}, rounds=ROUNDS)
    return {"list, granian against gunicorn": turns.row(rates["granian"], rates["gunicorn"], None)}


def _shot(port: int) -> Any:
    return lambda: load.per_second(port, "/campaigns", sites.cookie("ours"), seconds=SECONDS)


@contextmanager
def granian(folder: Path, names: Iterable[str]) -> Iterator[dict[str, int]]:
    """Serve sites by one granian worker each; give their ports."""
    ports = {name: free_port() for name in names}
    with _running(folder, {port: _granian(name, port) for name, port in ports.items()}):
        yield ports


def _granian(site: str, port: int) -> list[str]:
    return [
        "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--blocking-threads", THREADS, "--http", "1", "--no-ws", "--factory", f"benchmarks.sites:{site}",
    ]  # fmt: skip


def _gunicorn(port: int) -> list[str]:
    return [
        "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--worker-class", "gthread",
        "--threads", THREADS, "--log-level", "warning", "benchmarks.sites:ours()",
    ]  # fmt: skip


@contextmanager
def _running(folder: Path, argvs: dict[int, list[str]]) -> Iterator[None]:
    env = os.environ | {sites.FOLDER: str(folder)}
    with (folder / "servers.log").open("ab") as log:
        started = [
            subprocess.Popen([sys.executable, "-m", *argv], env=env, stdout=log, stderr=log)
            for argv in argvs.values()
        ]
    try:
        for port in argvs:
            _wait_for(port, folder / "servers.log")
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(OSError, HTTPException):
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/campaigns", headers={"Connection": "close"})
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(log.read_text()[-3000:])
