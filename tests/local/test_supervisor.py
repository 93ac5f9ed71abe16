import os
import signal
import sys
import time
from pathlib import Path

import pytest

from crowdfund.local.errors import StackError
from crowdfund.local.programs import Process, Program, rotate
from crowdfund.local.supervisor import Supervisor

from .conftest import alive, eventually, python

SLEEP = python("import time; time.sleep(600)")
WITH_CHILD = python(
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(600)"
)
STUBBORN = python(
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('up', flush=True)\n"
    "time.sleep(600)"
)
# A supervisor as another process, so that it can be killed: prints the pids that must not survive
# it.
SUPERVISED = f"""
import os, sys, time
from pathlib import Path
from crowdfund.local.programs import Program
from crowdfund.local.supervisor import Supervisor
folder = Path(sys.argv[1])
supervisor = Supervisor(logs=folder, cwd=folder)
supervisor.start(Program("parent", {WITH_CHILD!r}, os.environ))
supervisor.wait_ready("parent")
while not (below := (folder / "parent.log").read_text().strip()):
    time.sleep(0.02)
print(supervisor.pid("parent"), below, supervisor._guard.pid, flush=True)
time.sleep(600)
"""


def program(name: str, argv: list[str], **more: object) -> Program:
    return Program(name, argv, os.environ, **more)  # type: ignore[arg-type]


def grandchild(supervisor: Supervisor, logs: Path) -> int:
    return int(str(eventually(lambda: (logs / "parent.log").read_text().strip())))


def test_a_killed_child_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start(program("sleeper", SLEEP))
    supervisor.wait_ready("sleeper")
    first = supervisor.kill("sleeper")
    eventually(lambda: supervisor.pid("sleeper") not in (None, first), within_s=20)
    assert not alive(first)


def test_a_child_killed_ten_times_is_not_taken_for_broken(
    supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.start(program("sleeper", SLEEP))
    for number in range(1, 11):
        eventually(lambda n=number: supervisor.starts("sleeper") == n and supervisor.pid("sleeper"))
        supervisor.kill("sleeper")
    eventually(lambda: supervisor.starts("sleeper") == 11, within_s=20)
    assert said == []


def test_the_children_of_a_killed_child_end_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(program("parent", WITH_CHILD))
    old = grandchild(supervisor, tmp_path / "log")
    supervisor.kill("parent")
    eventually(lambda: not alive(old))


def test_stop_ends_the_whole_group(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(program("parent", WITH_CHILD), program("sleeper", SLEEP))
    below = grandchild(supervisor, tmp_path / "log")
    pids = [supervisor.pid("parent"), supervisor.pid("sleeper"), below]
    supervisor.stop()
    assert [pid for pid in pids if pid and alive(pid)] == []


def test_a_child_that_ignores_the_polite_signal_is_killed(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start(program("stubborn", STUBBORN, stop_s=0.3))
    eventually(lambda: (tmp_path / "log" / "stubborn.log").read_text())
    pid = supervisor.pid("stubborn")
    began = time.monotonic()
    supervisor.stop()
    assert pid
    assert not alive(pid)
    assert time.monotonic() - began < 5


def test_the_foundation_ends_last(supervisor: Supervisor, tmp_path: Path) -> None:
    note = "import signal, sys, time\ndef end(*_):\n    open({!r}, 'a').write({!r}); sys.exit()\n"
    code = note + "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    order = tmp_path / "order"
    for name, foundation in (("base", True), ("top", False)):
        argv = python(code.format(str(order), f"{name} "))
        supervisor.start(program(name, argv, foundation=foundation))
        eventually(lambda name=name: (tmp_path / "log" / f"{name}.log").read_text())
    supervisor.stop()
    assert order.read_text() == "top base "


def test_a_crash_loop_is_told_with_the_end_of_the_log(
    supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.start(program("broken", python("raise SystemExit('no such table: campaign')")))
    eventually(lambda: said)
    assert "broken ended 4 times in a row" in said[0]
    assert "no such table: campaign" in said[0]


def test_a_program_that_is_not_there_is_told(supervisor: Supervisor) -> None:
    supervisor.start(program("absent", ["/no/such/program"], ready=lambda: True))
    with pytest.raises(StackError, match=r"(?s)absent ended.*/no/such/program"):
        supervisor.wait_ready("absent", timeout_s=20)


def test_a_program_whose_start_raises_anything_is_tried_again(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, start = (
        [ValueError("filedescriptor out of range"), RuntimeError("no")],
        supervisor._start,
    )

    def sometimes(program: Program, log: Path) -> Process:
        if failing:
            raise failing.pop()
        return start(program, log)

    monkeypatch.setattr(supervisor, "_start", sometimes)
    supervisor.start(program("one", SLEEP))
    supervisor.wait_ready("one", timeout_s=20)
    assert "filedescriptor out of range" in (supervisor._logs / "one.log").read_text()


def test_a_program_that_never_answers_is_told(supervisor: Supervisor) -> None:
    supervisor.start(program("mute", SLEEP, ready=lambda: False))
    with pytest.raises(StackError, match="mute did not answer"):
        supervisor.wait_ready("mute", timeout_s=0.3)


def test_a_halted_program_stays_down_until_it_is_resumed(supervisor: Supervisor) -> None:
    supervisor.start(program("sleeper", SLEEP))
    supervisor.wait_ready("sleeper")
    supervisor.halt("sleeper")
    assert supervisor.pid("sleeper") is None
    supervisor.resume("sleeper")
    assert supervisor.pid("sleeper")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_supervisor_leaves_nobody_behind(launch, tmp_path: Path, number: int) -> None:
    process = launch(sys.executable, "-c", SUPERVISED, str(tmp_path))
    pids = [int(word) for word in process.stdout.readline().split()]
    assert len(pids) == 3
    assert all(alive(pid) for pid in pids)
    process.send_signal(number)
    eventually(lambda: not any(alive(pid) for pid in pids))


def test_logs_are_rotated_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for text in "abcdef":
        rotate(log)
        log.write_text(text)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "web.log": "f",
        "web.log.1": "e",
        "web.log.2": "d",
        "web.log.3": "c",
    }
