"""`python -m crowdfund.local` as a person uses it."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crowdfund.local import table

from .conftest import alive, eventually

RUN = (sys.executable, "-m", "crowdfund.local", "run", "--only", "redis,chain,mail")
RESET = (sys.executable, "-m", "crowdfund.local", "reset")
Launch = Callable[..., subprocess.Popen[str]]


def children_of(pid: int) -> set[int]:
    """Return all processes below one, whatever their group."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except OSError:
            continue
    found, border = set(), {pid}
    while border:
        border = {child for child, parent in parents.items() if parent in border} - found
        found |= border
    return found


def until_started(process: subprocess.Popen[str]) -> str:
    """Read what `run` prints until it says that it has started."""
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("Started in"):
            return text
    raise AssertionError(f"it never started: {text}{process.stderr.read()}")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "var")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_the_whole_group_within_seconds(
    launch: Launch, folder: str, number: int
) -> None:
    process = launch(*RUN, CROWDFUND_DATA_DIR=folder)
    until_started(process)
    below = children_of(process.pid)
    assert len(below) >= 4
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert time.monotonic() - began < 8
    assert [pid for pid in below if alive(pid)] == []


def test_kill_9_of_the_supervisor_leaves_nobody_behind(launch: Launch, folder: str) -> None:
    process = launch(*RUN, CROWDFUND_DATA_DIR=folder)
    until_started(process)
    below = children_of(process.pid)
    process.kill()
    eventually(lambda: not any(alive(pid) for pid in below))


def test_ctrl_c_during_the_start_ends_what_was_started(launch: Launch, folder: str) -> None:
    process = launch(*RUN, CROWDFUND_DATA_DIR=folder)
    below = eventually(lambda: children_of(process.pid))
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    eventually(lambda: not any(alive(pid) for pid in below))  # the guard ends after its parent
    assert "Traceback" not in process.stderr.read()


def test_the_table_tells_every_address_once(launch: Launch, folder: str) -> None:
    text = until_started(launch(*RUN, CROWDFUND_DATA_DIR=folder))
    assert len(re.findall(r"http://127\.0\.0\.1:\d+", text)) == 2
    assert "Mail and SMS (sign-in codes arrive here)" in text


def test_a_second_start_goes_on_with_the_same_addresses(launch: Launch, folder: str) -> None:
    tables = []
    for _ in range(2):
        process = launch(*RUN, CROWDFUND_DATA_DIR=folder)
        tables.append(until_started(process).rpartition("Started in")[0])
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    assert tables[0] == tables[1]


def test_a_second_stack_beside_the_first_is_refused_with_a_sentence(
    launch: Launch, folder: str
) -> None:
    until_started(launch(*RUN, CROWDFUND_DATA_DIR=folder))
    for command in (RUN, RESET):
        second = launch(*command, CROWDFUND_DATA_DIR=folder)
        assert second.wait(timeout=30) == 1
        said = second.stderr.read()
        assert "already running" in said
        assert "Traceback" not in said


def test_a_missing_chain_node_is_a_sentence(launch: Launch, folder: str) -> None:
    process = launch(*RUN, CROWDFUND_DATA_DIR=folder, ANVIL="/no/such/anvil")
    assert process.wait(timeout=30) == 1
    said = process.stderr.read()
    assert "ANVIL is set to /no/such/anvil, which is not a program." in said
    assert "Traceback" not in said


def test_a_wrong_address_of_the_site_is_a_sentence(launch: Launch, folder: str) -> None:
    process = launch(*RUN, CROWDFUND_DATA_DIR=folder, PUBLIC_URL="crowdfund.example")
    assert process.wait(timeout=30) == 1
    said = process.stderr.read()
    assert "PUBLIC_URL must start with https:// or http://." in said
    assert "Traceback" not in said


def test_what_the_stack_writes_is_closed_to_other_users(launch: Launch, folder: str) -> None:
    Path(folder).mkdir(mode=0o755)
    process = launch(*RUN, CROWDFUND_DATA_DIR=folder)
    until_started(process)
    found = [Path(folder), *Path(folder).rglob("*")]
    modes = {path.name: path.stat().st_mode for path in found if not path.is_socket()}
    assert {"mail.db", "stack.env", "ports.json", "chain.log", "redis"} <= modes.keys()
    assert [name for name, mode in modes.items() if mode & 0o077] == []
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)


def test_reset_lets_the_next_start_begin_anew(launch: Launch, folder: str) -> None:
    process = launch(*RUN, CROWDFUND_DATA_DIR=folder)
    until_started(process)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    assert (Path(folder) / "chain" / "genesis").exists()
    assert launch(*RESET, CROWDFUND_DATA_DIR=folder).wait(timeout=30) == 0
    assert not (Path(folder) / "chain").exists()


def test_the_demo_accounts_are_pairs_of_who_and_address() -> None:
    accounts = table.accounts()
    assert accounts
    assert all("@" in address for _, address in accounts)
