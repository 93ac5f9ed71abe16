"""Start a child that cannot outlive its parent, in a process group of its own."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    log: Path,
    cwd: Path,
    death_signal: int = signal.SIGKILL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program; its output is appended to `log`, or dropped when that cannot be opened.

    Must be called from a thread that lives as long as the child may: Linux sends the death
    signal when the *thread* that started the child ends.
    """
    with opened(log) as output:
        return subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
            preexec_fn=_die_with(os.getpid(), death_signal),
        )


def opened(log: Path) -> IO[bytes]:
    """Open a log, or /dev/null: a program must start on a full disk too."""
    try:
        return log.open("ab")
    except OSError:
        return open(os.devnull, "ab")


def _die_with(parent: int, death_signal: int) -> Callable[[], None] | None:
    if libc is None:
        return None
    prctl = libc.prctl

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # the parent died before the line above
            os._exit(1)

    return prepare


class Guard:
    """The process that ends what a killed supervisor leaves behind (see guard.py)."""

    def __init__(self, cwd: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=cwd,
        )

    @property
    def pid(self) -> int:
        """Process id, for tests."""
        return self._process.pid

    def watch(self, group: int) -> None:
        """End this group when the supervisor is gone."""
        self._notify(f"+{group}\n")

    def forget(self, group: int) -> None:
        """This group has ended."""
        self._notify(f"-{group}\n")

    def close(self) -> None:
        """End the guard; what is still watched ends with it."""
        pipe: IO[bytes] | None = self._process.stdin
        if pipe is not None:
            pipe.close()
        self._process.wait()

    def _notify(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        try:
            pipe.write(line.encode())
            pipe.flush()
        except BrokenPipeError:  # the guard was killed; PDEATHSIG still holds
            pipe.close()
