"""What a supervised program is, and what is known of one that runs."""

import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

RESTART_S = (0.05, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STEADY_S = 10.0
LOOP_AFTER = 4
TAIL_LINES = 8


class Process(Protocol):
    """A child of the supervisor, whether spawned or forked."""

    @property
    def pid(self) -> int:
        """Process id, and the id of the group."""

    def wait(self) -> int:
        """Reap it; returns its exit code, negative for a signal."""


def nothing() -> None:
    """Do nothing: the default of the hooks below."""


def options(**values: object) -> list[str]:
    """Return command-line options: `shop_url="x"` is `--shop-url x`, `no_ws=True` is `--no-ws`."""
    argv = []
    for name, value in values.items():
        option = "--" + name.replace("_", "-")
        argv += [option] if value is True else [option, str(value)]
    return argv


def python(module: str, *arguments: str, **values: object) -> list[str]:
    """Return the command that runs a module with options and arguments."""
    return [sys.executable, "-m", module, *options(**values), *arguments]


@dataclass(frozen=True)
class Program:
    """One process of the stack and how to look after it."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] | None = None  # asked until it returns True, at the first start
    before: Callable[[], None] = nothing  # runs before every start
    tick: Callable[[], None] | None = None  # runs every `tick_s` while the program lives
    tick_s: float = 10.0
    stop_s: float = 6.0  # from the polite signal to the kill
    ports: tuple[int, ...] = ()  # where it alone may listen
    death_signal: int = signal.SIGKILL  # what the kernel sends if the supervisor dies
    foundation: bool = False  # others need it: it is stopped last


@dataclass
class Child:
    """A program's present state; written by the supervisor's thread, read by others."""

    program: Program
    log: Path
    process: Process | None = None
    started_at: float = 0.0
    starts: int = 0
    failures: int = 0  # quick deaths in a row
    restart_at: float | None = None
    next_tick: float = 0.0
    wanted: bool = True
    exit_code: int | None = None
    is_reported: bool = field(default=False)  # the crash loop was reported
    last_words: str = ""  # what the supervisor last wrote to its log, or would have

    @property
    def pid(self) -> int | None:
        """Process id, None while it is down."""
        return self.process.pid if self.process else None

    @property
    def looping(self) -> bool:
        """It died several times in a row soon after its start."""
        return self.failures >= LOOP_AFTER

    def note_start(self, process: Process) -> None:
        """Remember a new process."""
        now = time.monotonic()
        self.process, self.started_at, self.restart_at = process, now, None
        self.next_tick = now + self.program.tick_s
        self.starts += 1

    def note_death(self, exit_code: int) -> None:
        """Decide when it is started again: at once if killed from outside, else ever later."""
        now = time.monotonic()
        killed = exit_code == -signal.SIGKILL
        if killed or now - self.started_at > STEADY_S:
            self.failures, self.is_reported = 0, False
        else:
            self.failures += 1
        self.process, self.exit_code = None, exit_code
        if self.wanted:
            self.restart_at = now + RESTART_S[min(self.failures, len(RESTART_S) - 1)]

    def why(self) -> str:
        """Return a sentence with the last lines of the log."""
        tail = last_lines(self.log)
        lines = "\n".join(f"    {line}" for line in tail) or "    (it wrote nothing)"
        return (
            f"{self.program.name} ended {self.failures} times in a row "
            f"(last exit code {self.exit_code}). Its log {self.log} ends with:\n{lines}"
        )


def last_lines(log: Path, count: int = TAIL_LINES) -> list[str]:
    """Return the last lines of a log, none if there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def rotate(log: Path, keep: int = 3) -> None:
    """Move web.log to web.log.1 and so on, so that each start has a fresh log."""
    for number in range(keep - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
