import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crowdfund.local.environment import ROOT
from crowdfund.local.supervisor import Supervisor

CLEAN = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def eventually(check: Callable[[], object], *, within_s: float = 20.0) -> object:
    """Return the first true answer of a check; fail when there is none in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        answer = check()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not true within {within_s} s")


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def python(code: str) -> list[str]:
    """Return a command that runs a few lines."""
    return [sys.executable, "-c", code]


@pytest.fixture
def environ() -> dict[str, str]:
    """An environment that asks for all the embedded parts."""
    return dict(CLEAN)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    running = Supervisor(logs=tmp_path / "log", cwd=ROOT, say=said.append)
    yield running
    running.stop()


@pytest.fixture
def launch(environ: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start scripts that are killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*argv: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            argv,
            env={**environ, **env},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
