"""Programs that are forked from one process: each lives, dies and is restarted by itself."""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from crowdfund.local import forking
from crowdfund.local.programs import Program
from crowdfund.local.supervisor import Supervisor

from .conftest import CLEAN, alive, eventually

ENV = {**CLEAN, "PYTHONUNBUFFERED": "1"}
# Its modules: `ballast` holds 50 MB, the programs say what a test wants to know and wait.
BALLAST = "DATA = b'x' * 50_000_000\n"
FACTS = """
import json, os, random, socket, sys, threading
import ballast
paths = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
links = [os.readlink(path) for path in paths if os.path.lexists(path)]
sockets = [link for link in links if link.startswith("socket")]
print(json.dumps({
    "argv": sys.argv, "name": __name__, "parent": os.getppid(), "session": os.getsid(0),
    "sockets": sockets, "random": random.random(), "threads": threading.active_count(),
    "input": sys.stdin.read(), "command": open("/proc/self/comm").read().strip(),
}))
import time; time.sleep(600)
"""
FAILS = "import sys\nprint('no such table: campaign')\nsys.exit(3)\n"
SUPERVISED = """
import os, sys, time
from pathlib import Path
from crowdfund.local.programs import Program
from crowdfund.local.supervisor import Supervisor
folder = Path(sys.argv[1])
env = dict(os.environ)
supervisor = Supervisor(logs=folder / "log", cwd=folder)
supervisor.fork_from(env, ["ballast"])
supervisor.start(Program("one", [sys.executable, "facts.py"], env))
supervisor.wait_ready("one")
print(supervisor.pid("one"), supervisor._forks.pid, supervisor._guard.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ballast.py").write_text(BALLAST)
    (tmp_path / "facts.py").write_text(FACTS)
    (tmp_path / "fails.py").write_text(FAILS)
    root = Path(forking.__file__).parents[2]
    (tmp_path / "crowdfund").symlink_to(root / "crowdfund")
    return tmp_path


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with ExitStack() as opened:
        for _ in range(1100):
            opened.enter_context(open(os.devnull))
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def supervisor(folder: Path, said: list[str]) -> Iterator[Supervisor]:
    running = Supervisor(logs=folder / "log", cwd=folder, say=said.append)
    running.fork_from(ENV, ["ballast"])
    yield running
    running.stop()


def program(name: str, *argv: str, env: dict[str, str] | None = None) -> Program:
    return Program(name, [sys.executable, *argv], ENV if env is None else env)


def facts(supervisor: Supervisor, folder: Path, name: str) -> dict[str, object]:
    import json

    lines = eventually(lambda: (folder / "log" / f"{name}.log").read_text().strip())
    return dict(json.loads(str(lines).splitlines()[-1]))


def own_mb(pid: int) -> float:
    """Return the memory that a process shares with nobody."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {
        name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in rollup)
    }
    return (sizes["Private_Dirty"] + sizes["Private_Clean"]) / 1024


def server(supervisor: Supervisor) -> int:
    assert supervisor._forks is not None
    assert supervisor._forks.pid is not None
    return supervisor._forks.pid


def test_a_forked_program_is_run_as_the_interpreter_would(
    supervisor: Supervisor, folder: Path
) -> None:
    supervisor.start(program("script", "facts.py", "a", "b"), program("module", "-m", "facts", "c"))
    script, module = facts(supervisor, folder, "script"), facts(supervisor, folder, "module")
    assert script["argv"] == ["facts.py", "a", "b"]
    assert module["argv"] == [str(folder / "facts.py"), "c"]
    assert {script["name"], module["name"]} == {"__main__"}
    assert script["input"] == ""
    assert script["command"] == "script"


def test_it_is_the_supervisors_child_in_a_session_of_its_own(
    supervisor: Supervisor, folder: Path
) -> None:
    supervisor.start(program("one", "facts.py"))
    found = facts(supervisor, folder, "one")
    assert found["parent"] == os.getpid()
    assert found["session"] == supervisor.pid("one")


def test_programs_share_what_was_imported_before(supervisor: Supervisor, folder: Path) -> None:
    names = ("one", "two", "three")
    supervisor.start(*(program(name, "facts.py") for name in names))
    for name in names:
        facts(supervisor, folder, name)
        assert own_mb(supervisor.pid(name) or 0) < 25  # 50 MB are shared


def test_they_share_no_socket_no_thread_and_no_random_numbers(
    supervisor: Supervisor, folder: Path
) -> None:
    supervisor.start(program("one", "facts.py"), program("two", "facts.py"))
    one, two = facts(supervisor, folder, "one"), facts(supervisor, folder, "two")
    assert one["sockets"] == two["sockets"] == []
    assert one["threads"] == two["threads"] == 1
    assert one["random"] != two["random"]


def test_a_killed_program_is_forked_again(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start(program("one", "facts.py"))
    before = server(supervisor) if facts(supervisor, folder, "one") else 0
    old = supervisor.kill("one")
    eventually(lambda: supervisor.pid("one") not in (None, old))
    assert not alive(old)
    assert server(supervisor) == before


def test_a_process_with_thousands_of_open_files_forks_too(
    many_files: None, supervisor: Supervisor, folder: Path
) -> None:
    supervisor.start(program("one", "facts.py"))
    assert facts(supervisor, folder, "one")["parent"] == os.getpid()


def test_programs_outlive_a_killed_fork_server_and_a_new_one_takes_over(
    supervisor: Supervisor, folder: Path
) -> None:
    supervisor.start(program("one", "facts.py"), program("two", "facts.py"))
    facts(supervisor, folder, "one"), facts(supervisor, folder, "two")
    gone, staying = server(supervisor), supervisor.pid("two")
    os.kill(gone, signal.SIGKILL)
    eventually(lambda: not alive(gone))
    old = supervisor.kill("one")
    eventually(lambda: supervisor.pid("one") not in (None, old))
    assert supervisor.pid("two") == staying
    assert alive(staying or 0)
    assert server(supervisor) != gone
    assert own_mb(supervisor.pid("one") or 0) < 25


def test_a_program_that_fails_is_reported_with_its_exit_code_and_log(
    supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.start(program("broken", "fails.py"))
    eventually(lambda: said)
    assert "broken ended 4 times in a row (last exit code 3)" in said[0]
    assert "no such table: campaign" in said[0]


def test_what_cannot_be_imported_leaves_programs_to_be_started_one_by_one(
    folder: Path, said: list[str]
) -> None:
    running = Supervisor(logs=folder / "log", cwd=folder, say=said.append)
    running.fork_from(ENV, ["no_such_module"])
    running.start(program("one", "facts.py"))
    try:
        assert facts(running, folder, "one")["argv"] == ["facts.py"]
        assert running._forks is not None
        assert running._forks.pid is None
        assert "no_such_module" in (folder / "log" / "fork-server.log").read_text()
    finally:
        running.stop()


def test_another_environment_or_option_is_not_forked(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start(
        program("other", "facts.py", env={**ENV, "OTHER": "1"}),
        program("isolated", "-B", "facts.py"),
    )
    for name in ("other", "isolated"):
        facts(supervisor, folder, name)
        assert own_mb(supervisor.pid(name) or 0) > 50


def test_stop_ends_programs_and_server(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start(program("one", "facts.py"))
    facts(supervisor, folder, "one")
    pids = [supervisor.pid("one") or 0, server(supervisor)]
    supervisor.stop()
    assert [pid for pid in pids if alive(pid)] == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_supervisor_leaves_no_forked_program_behind(
    launch, folder: Path, number: int
) -> None:
    process = launch(sys.executable, "-c", SUPERVISED, str(folder))
    pids = [int(word) for word in process.stdout.readline().split()]
    assert len(pids) == 3
    assert all(alive(pid) for pid in pids)
    process.send_signal(number)
    eventually(lambda: not any(alive(pid) for pid in pids))
