"""Keep a set of programs running: start, watch, restart, stop together.

One thread starts and reaps everything (Linux ties a child's life to the thread that started it);
it sleeps until something happens. Other threads talk to it through a queue.
"""

import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from crowdfund.local import listeners
from crowdfund.local.errors import StackError
from crowdfund.local.forking import ForkServer, reap_group
from crowdfund.local.programs import Child, Process, Program, rotate
from crowdfund.local.spawn import Guard, spawn

log = logging.getLogger("crowdfund.local")

Say = Callable[[str], None]
AFTER_ERROR_S = 0.05


class Supervisor:
    """Programs that live and die together."""

    def __init__(self, *, logs: Path, cwd: Path, say: Say = log.info) -> None:
        self._logs, self._cwd, self._say = logs, cwd, say
        self._children: dict[str, Child] = {}
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        logs.mkdir(parents=True, exist_ok=True)
        self._guard = Guard(cwd)
        self._forks: ForkServer | None = None
        self._thread.start()

    def fork_from(self, env: Mapping[str, str], modules: Sequence[str]) -> None:
        """Fork the Python programs of this environment from a process with `modules` imported."""
        log = self._logs / "fork-server.log"
        rotate(log)
        self._forks = ForkServer(
            env, modules, log=log, cwd=self._cwd, cancelled=lambda: self._stopping
        )
        self._tasks.put(self._forks.open)

    # -- asked by other threads ------------------------------------------------------------

    def start(self, *programs: Program) -> None:
        """Start programs; returns at once."""
        for program in programs:
            child = Child(program, self._logs / f"{program.name}.log")
            rotate(child.log)
            child.log.touch()
            self._children[program.name] = child
            self._tasks.put(partial(self._launch, child))

    def wait_ready(self, *names: str, timeout_s: float = 60.0) -> None:
        """Wait until programs answer; raises StackError when one cannot start."""
        deadline = time.monotonic() + timeout_s
        for name in names:
            child = self._children[name]
            while not self._is_ready(child):
                if child.looping:
                    raise StackError(child.why())
                if time.monotonic() > deadline:
                    raise StackError(f"{name} did not answer in {timeout_s:.0f} s; see {child.log}")
                time.sleep(0.02)

    def pid(self, name: str) -> int | None:
        """Return the process id of a program, None while it is down."""
        return self._children[name].pid

    def starts(self, name: str) -> int:
        """Return how often a program was started."""
        return self._children[name].starts

    def names(self) -> list[str]:
        """Return the names of all programs, in the order of their start."""
        return list(self._children)

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a program's own process (not its group); returns its old pid.

        The supervisor starts it again. Raises StackError when it is down.
        """
        pid = self.pid(name)
        if pid is None:
            raise StackError(f"{name} is not running")
        os.kill(pid, number)
        return pid

    def make_sure(self, name: str) -> None:
        """Check that a program lives and is the one that answers; raises StackError if not."""
        if not self._is_ready(self._children[name]):
            raise StackError(f"{name} does not answer any more; see {self._children[name].log}")

    def halt(self, name: str) -> None:
        """Stop one program and leave it stopped until `resume`."""
        child = self._children[name]
        self._and_wait(lambda: self._stop([child]))

    def resume(self, name: str) -> None:
        """Start a program that was halted."""
        child = self._children[name]
        self._and_wait(lambda: self._launch(child))

    def stop(self) -> None:
        """Stop everything: first the programs that depend on others."""
        if self._stopping:
            return
        self._stopping = True
        if self._thread.is_alive():
            self._and_wait(self._stop_all)
            self._tasks.put(lambda: None)
            self._thread.join()
        self._guard.close()

    # -- the supervisor's own thread -------------------------------------------------------

    def _run(self) -> None:
        while True:
            with suppress(queue.Empty):
                self._try(self._tasks.get(timeout=self._pause_s()))
            if self._stopping and all(not child.process for child in self._children.values()):
                return
            self._try(self._restart_due)
            self._try(self._tick_due)

    def _try(self, step: Callable[[], None]) -> None:
        """Run a step of the thread's work; an error in it must not stop the supervision."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - nobody else would start the programs again
            self._tell(f"The supervisor met an error and goes on: {error!r}")
            time.sleep(AFTER_ERROR_S)  # a step that fails each time must not busy the machine

    def _tell(self, text: str) -> None:
        """Say something to the operator, if the terminal or the file behind it takes it."""
        with suppress(OSError, ValueError):
            self._say(text)

    def _note(self, child: Child, text: str) -> None:
        """Write a line to a program's log; when the disk is full, say it and go on."""
        try:
            with child.log.open("a") as file:
                file.write(f"{text}\n")
        except OSError as error:
            if child.last_words != text:
                self._tell(f"{child.program.name}: {text}\n    Its log cannot be written: {error}.")
        child.last_words = text

    def _pause_s(self) -> float:
        """Return how long nothing can be due."""
        due = [
            child.restart_at if child.process is None else child.next_tick
            for child in self._children.values()
            if child.restart_at or (child.process and child.program.tick)
        ]
        return max(0.0, min([d for d in due if d is not None], default=1e9) - time.monotonic())

    def _restart_due(self) -> None:
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.restart_at and child.restart_at <= now and child.wanted:
                self._launch(child)

    def _tick_due(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.process and child.program.tick and child.next_tick <= now:
                child.next_tick = now + child.program.tick_s
                self._hook(child, child.program.tick)

    def _launch(self, child: Child) -> None:
        if child.process or self._stopping:
            return
        child.wanted, program = True, child.program
        child.started_at = time.monotonic()
        if not self._hook(child, program.before):
            child.note_death(1)
            return
        try:
            process = self._start(program, child.log)
        except Exception as error:  # noqa: BLE001 - a program that is not noted as down is never started again
            self._note(child, f"{program.argv[0]} could not be started: {error!r}")
            child.note_death(127)
            return
        self._guard.watch(process.pid)
        child.note_start(process)
        threading.Thread(target=self._await_death, args=(child, process), daemon=True).start()

    def _start(self, program: Program, log: Path) -> Process:
        forked = self._forks.start(program, log) if self._forks else None
        return forked or spawn(
            program.argv,
            program.env,
            log=log,
            cwd=self._cwd,
            death_signal=program.death_signal,
        )

    def _hook(self, child: Child, hook: Callable[[], None]) -> bool:
        """Run a program's hook; a failure is written to the program's log."""
        try:
            hook()
        except (OSError, StackError, ValueError) as error:
            self._note(child, str(error))
            return False
        return True

    def _await_death(self, child: Child, process: Process) -> None:
        _wait_unreaped(process.pid)
        self._tasks.put(lambda: self._bury(child, process))

    def _bury(self, child: Child, process: Process) -> None:
        """Reap a dead program; what is left of its group, such as web workers, ends with it."""
        if child.process is not process:
            return
        _wait_unreaped(process.pid)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        reap_group(process.pid)
        self._guard.forget(process.pid)
        child.note_death(code)
        if child.wanted and child.looping and not child.is_reported:
            child.is_reported = True
            self._tell(child.why() + "\n    It is tried again every 30 s.")

    def _stop_all(self) -> None:
        children = list(self._children.values())
        if self._forks:
            self._forks.close()
        self._stop([child for child in children if not child.program.foundation])
        self._stop([child for child in children if child.program.foundation])

    def _stop(self, children: Iterable[Child]) -> None:
        children = list(children)
        for child in children:
            child.wanted, child.restart_at = False, None
            self._signal(child, signal.SIGTERM)
        asked_at = time.monotonic()
        for child in children:
            process = child.process
            if process is None:
                continue
            deadline = asked_at + child.program.stop_s
            if not _ends_before(process.pid, deadline):
                self._signal(child, signal.SIGKILL)
            self._bury(child, process)

    def _signal(self, child: Child, number: int) -> None:
        if child.process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, number)

    def _and_wait(self, task: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            try:
                task()
            finally:
                done.set()

        self._tasks.put(run)
        done.wait()

    def _is_ready(self, child: Child) -> bool:
        """Return whether a program lives and is the one that answers. Raises StackError if not."""
        process, program = child.process, child.program
        if process is None or (program.ready is not None and not program.ready()):
            return False
        for port in program.ports:
            if listeners.strangers(port, process.pid):
                raise StackError(
                    f"Another program took port {port}, which {program.name} needs, "
                    "at the same moment. Nothing was written to it. Run this again: "
                    "another port is chosen then."
                )
        return child.process is process


def _wait_unreaped(pid: int) -> None:
    """Wait for a child's end and leave it a zombie: so its pid, and its group, stay reserved."""
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _ends_before(pid: int, deadline: float) -> bool:
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
