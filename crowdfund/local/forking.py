"""The supervisor's side of the fork server: start it, ask it for programs, do without it."""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from crowdfund.local.programs import Program
from crowdfund.local.spawn import libc, opened, spawn

PR_SET_CHILD_SUBREAPER = 36
LOADED_WITHIN_S = 120.0
FORKED_WITHIN_S = 60.0
MODULE = "crowdfund.local.fork_server"
_subreaper = threading.Lock()  # one switch for the whole process


class ForkedProcess:
    """A program that the fork server started and this process adopted."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def wait(self) -> int:
        """Reap the program; returns its exit code, negative for a signal."""
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


class ForkServer:
    """A process that has imported the platform; one per supervisor, used by its thread alone."""

    def __init__(
        self,
        env: Mapping[str, str],
        modules: Sequence[str],
        *,
        log: Path,
        cwd: Path,
        cancelled: Callable[[], bool],
    ) -> None:
        self._env, self._log, self._cwd, self._cancelled = dict(env), log, cwd, cancelled
        self._modules = modules
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._is_loaded = False
        self._is_usable = can_adopt()

    def open(self) -> None:
        """Start the server; it loads while other programs start."""
        if not self._is_usable or self._process:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        argv = [sys.executable, "-m", MODULE, str(theirs.fileno()), *self._modules]
        try:
            self._process = spawn(
                argv, self._env, log=self._log, cwd=self._cwd, pass_fds=(theirs.fileno(),)
            )
        except OSError:
            self._is_usable = False
            ours.close()
        else:
            ours.settimeout(0.1)  # not select(), which refuses a process with over 1,024 open files
            self._channel = ours
        theirs.close()

    def close(self) -> None:
        """End the server; the programs that it started go on."""
        if self._channel:
            self._channel.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process, self._channel, self._is_loaded = None, None, False

    @property
    def pid(self) -> int | None:
        """Process id of the server, None while there is none."""
        return self._process.pid if self._process else None

    def start(self, program: Program, log: Path) -> ForkedProcess | None:
        """Start a Python program as a copy of the server.

        Returns None when it has to be started the ordinary way: another interpreter, option or
        environment, or no server.
        """
        runs = program.argv[1]
        if program.argv[0] != sys.executable or (runs.startswith("-") and runs != "-m"):
            return None
        if dict(program.env) != self._env:
            return None
        for _ in range(2):  # a server that was killed is started again
            self.open()
            if not self._is_usable or not self._load():
                return None
            pid = self._ask(program, log)
            if pid:
                return ForkedProcess(pid)
            self.close()
        return None

    def _load(self) -> bool:
        """Wait until everything is imported; a server that cannot is not asked again."""
        if self._is_loaded:
            return True
        answer = self._receive(LOADED_WITHIN_S)
        if not answer:
            self._is_usable = False
            self.close()
        self._is_loaded = bool(answer)
        return self._is_loaded

    def _ask(self, program: Program, log: Path) -> int | None:
        """Ask for a copy and adopt it; returns its process id, None without an answer."""
        if self._channel is None:
            return None
        job = {
            "arguments": list(program.argv[1:]),
            "name": program.name,
            "death_signal": int(program.death_signal),
            "parent": os.getpid(),
        }
        request = json.dumps(job).encode()
        with opened(log) as output, adopting(), suppress(OSError):
            socket.send_fds(self._channel, [request], [output.fileno()])
            answer = self._receive(FORKED_WITHIN_S)
            return int(answer) if answer else None
        return None

    def _receive(self, within_s: float) -> bytes:
        """Return the server's next message; empty when there is none in time or it has ended."""
        deadline = time.monotonic() + within_s
        while self._channel and time.monotonic() < deadline and not self._cancelled():
            try:
                return self._channel.recv(64)
            except TimeoutError:
                continue
            except OSError:
                break
        return b""


def can_adopt() -> bool:
    """Return whether this system lets a process adopt its grandchildren (Linux does)."""
    return libc is not None and Path("/proc/self/task").exists()


@contextmanager
def adopting() -> Iterator[None]:
    """Adopt the descendants whose parent ends during this block.

    Not for longer: the orphans of other programs are the system's to reap.
    """
    if libc is None:
        raise RuntimeError("ask can_adopt() first")
    with _subreaper:
        libc.prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
        try:
            yield
        finally:
            libc.prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(0))


def reap_group(group: int) -> None:
    """Reap what is left of a killed group, if this process adopted any of it."""
    with suppress(ChildProcessError):
        while os.waitid(os.P_PGID, group, os.WEXITED | os.WNOHANG):
            pass
