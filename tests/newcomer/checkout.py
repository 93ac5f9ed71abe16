"""A fresh checkout in which `make run` is done as the README says, with no setting."""

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crowdfund.local.environment import ROOT

START_S = 150  # the first start makes the demo story
STOP_S = 30
TAIL_LINES = 25
KNOWN_TO_THE_SHELL = ("PATH", "HOME", "LANG", "TMPDIR")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def clone(folder: Path) -> None:
    """Clone the repository, with the changes that are not committed yet.

    What an installation downloads comes from this one, so that a run takes seconds: the Python
    packages, which `make` compares with the list, and the chain node.
    """
    _git("clone", "--quiet", str(ROOT), str(folder))
    changes = _git("diff", "--binary", "HEAD")
    if changes:
        subprocess.run(["git", "apply", "-"], cwd=folder, input=changes, check=True)
    for name in _git("ls-files", "--others", "--exclude-standard", "-z").decode().split("\0"):
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    if (ROOT / "var" / "tools").exists():
        shutil.copytree(ROOT / "var" / "tools", folder / "var" / "tools", symlinks=True)


def _git(*command: str) -> bytes:
    return subprocess.run(["git", *command], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout


class Running:
    """A `make run` in a checkout, and what it printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environ = {name: os.environ[name] for name in KNOWN_TO_THE_SHELL if name in os.environ}
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_until_started(self) -> None:
        """Read along until the stack says that it has started."""
        while not (self.said and self.said[-1].startswith("Started in")):
            try:
                line = self._lines.get(timeout=START_S)
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(
                    f"`make run` did not start:\n{''.join(self.said)}\n{self.logs()}"
                )
            self.said.append(line)

    def address(self, title: str) -> str:
        """Return the address that was printed beside a title."""
        found = re.search(
            rf"^{re.escape(title)}.*?\s(http://\S+)$", "".join(self.said), re.MULTILINE
        )
        assert found, f"{title} was not printed:\n{''.join(self.said)}"
        return found.group(1)

    def logs(self) -> str:
        """Return the end of each program's log."""
        parts = []
        for log in sorted((self.folder / "var" / "log").glob("*.log")):
            tail = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
            parts.append(
                f"--- {log.stem}\n" + "\n".join(COLOURS.sub("", line)[:300] for line in tail)
            )
        return "\n".join(parts)

    def press_ctrl_c(self) -> int:
        """End everything as a person does; return the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=STOP_S)

    def copy_example_and_run_again(self) -> "Running":
        """Do `cp .env.example .env && make run` in the checkout;
        raises AssertionError if it fails."""
        shutil.copy(self.folder / ".env.example", self.folder / ".env")
        again = Running(self.folder)
        try:
            again.wait_until_started()
        except AssertionError:
            again.end()
            raise
        return again

    def end(self) -> None:
        """End everything, politely if possible; does nothing when it has ended."""
        if self.process.poll() is not None:
            return
        try:
            self.press_ctrl_c()
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def rest(self) -> str:
        """Return what was printed after the start, once everything has ended."""
        lines = []
        while (line := self._lines.get(timeout=STOP_S)) is not None:
            lines.append(line)
        return "".join(lines)

    def left_behind(self) -> list[str]:
        """Return the command lines of processes that still work in the checkout."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").resolve().is_relative_to(self.folder):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Clone, `make run`, give it, and end it whatever happened."""
    clone(folder)
    started = Running(folder)
    try:
        started.wait_until_started()
        yield started
    finally:
        started.end()
