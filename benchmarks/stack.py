"""The local stack against itself at commit 129f2b2:
memory, a warm start, and the import of the application.

- memory: the sum of PSS (what a process has for itself, and its share of what it shares) of all
  processes of `make run`, idle after the demo story was made;
- start: a warm `make run` (nothing to migrate, to deploy or to compile) until `/health` answers;
- import: seconds of processor time for `import app`.

Both take turns in one run. The older checkout is a clone in a temporary folder; it runs in this
virtual environment if that has all its pins, else in one of its own.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from crowdfund.local import anvil
from crowdfund.local.environment import ROOT

BASELINE = "129f2b2"
MEMORY_GOAL, START_GOAL, IMPORT_GOAL = 0.45, 0.5, 0.5
STARTS, IMPORTS = 3, 5
IDLE_S = 30.0  # until the work that the story left behind is done
STARTED_WITHIN_S, STOPPED_WITHIN_S = 300.0, 60.0
SMALL = ("run", "--only", "redis,events,relay")
IMPORT = "import time, app; print(time.process_time())"
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Checkout:
    """A version of the platform, the interpreter that runs it, and its data."""

    root: Path
    python: Path
    data: Path

    def environ(self) -> dict[str, str]:
        """Return an environment without settings of ours, in which compiled modules are kept."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return kept | {"CROWDFUND_DATA_DIR": str(self.data), "ANVIL": str(anvil.ensure(print))}


def run(*, small: bool = False) -> dict[str, Any]:
    """Return memory, seconds of a start and of the import; without a baseline if `small`."""
    with tempfile.TemporaryDirectory() as folder:
        ours = Checkout(ROOT, Path(sys.executable), Path(folder) / "ours")
        if small:
            return _smoke(ours)
        older = _older(Path(folder))
        rows = {"memory of the whole stack": _memory(ours, older)}
        rows["warm start until /health answers"] = _compared(
            [(_start_s(ours), _start_s(older)) for _ in range(STARTS)], " s", START_GOAL
        )
        rows["import app, processor time"] = _compared(
            [(_import_s(ours), _import_s(older)) for _ in range(IMPORTS)], " s", IMPORT_GOAL
        )
    return rows


def _smoke(ours: Checkout) -> dict[str, Any]:
    with _running(ours, *SMALL) as process:
        megabytes = pss_mb(process.pid)
    return {
        "memory of event stream and relay": {"measured": round(megabytes), "unit": " MB"},
        "import app, processor time": {"measured": round(_import_s(ours), 2), "unit": " s"},
    }


def _compared(rounds: list[tuple[float, float]], unit: str, goal: float) -> dict[str, Any]:
    """Return a row of medians: ours, the baseline, and the ratio within a round."""
    ours, older = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = round(statistics.median(mine / other for mine, other in rounds), 2)
    return {
        "measured": round(ours, 2),
        "baseline": round(older, 2),
        "unit": unit,
        "ratio": ratio,
        "goal": goal,
        "met": ratio <= goal,
    }


# --- what is measured -----------------------------------------------------------------------------


def _memory(ours: Checkout, older: Checkout) -> dict[str, Any]:
    """Make the demo story in both, one after the other, and compare the memory once it is idle."""
    found = []
    for checkout in (ours, older):
        with _running(checkout, "run") as process:
            time.sleep(IDLE_S)
            found.append(float(round(pss_mb(process.pid))))
    return _compared([(found[0], found[1])], " MB", MEMORY_GOAL)


def _start_s(checkout: Checkout) -> float:
    began = time.monotonic()
    with _running(checkout, "run", until_all=False):
        return time.monotonic() - began


def _import_s(checkout: Checkout) -> float:
    argv = [str(checkout.python), "-c", IMPORT]
    done = subprocess.run(
        argv,
        cwd=checkout.root,
        env=checkout.environ(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


@contextmanager
def _running(
    checkout: Checkout, *command: str, until_all: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a stack and wait for its pages, or until all has started; stop it at the end."""
    log = checkout.data.with_suffix(".log")
    argv = [str(checkout.python), "-m", "crowdfund.local", *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=checkout.root, env=checkout.environ(), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not (_has_started(log) if until_all else _answers(checkout.data)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"The stack in {checkout.root} did not start:\n{log.read_text()}"
                )
            time.sleep(0.02)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=STOPPED_WITHIN_S)


def _has_started(log: Path) -> bool:
    return "Started in" in log.read_text()


def _answers(data: Path) -> bool:
    port = re.search(r'"web": (\d+)', (data / "ports.json").read_text())
    if not port:  # it is just being written
        return False
    try:
        with urlopen(f"http://127.0.0.1:{port[1]}/health", timeout=5) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


def pss_mb(root: int) -> float:
    """Return the sum of PSS of a process and all below it, in MB."""
    below = {root}
    parents = _parents()
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(_pss_kb(pid) for pid in below) / 1024


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except OSError:
            continue
    return found


def _pss_kb(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it ended meanwhile
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found[1]) if found else 0


# --- the baseline ---------------------------------------------------------------------------------


def _older(folder: Path) -> Checkout:
    """Clone the baseline's commit, with an interpreter that has its pins."""
    root = folder / "older"
    for argv in (
        ["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(root)],
        ["git", "-C", str(root), "checkout", "--quiet", BASELINE],
    ):
        subprocess.run(argv, check=True)
    python = Path(sys.executable)
    if not _has_pins(root):
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", "requirements.txt"], cwd=root, check=True)
    return Checkout(root, python, folder / "baseline")


def _has_pins(root: Path) -> bool:
    """Tell whether this environment has every package of a checkout in the pinned version."""
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", (root / "requirements.txt").read_text(), re.MULTILINE
    ):
        try:
            if metadata.version(name) != version:
                return False
        except metadata.PackageNotFoundError:
            return False
    return True
