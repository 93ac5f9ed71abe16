import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdfund.local import listeners, ports
from crowdfund.local.environment import ROOT
from crowdfund.local.errors import StackError

TAKER = """
import sys
from pathlib import Path
from crowdfund.local import ports
held = ports.Held(Path(sys.argv[1]))
print(held.take(int(sys.argv[2])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    return tmp_path / "locks"


@pytest.fixture
def held(locks: Path) -> Iterator[ports.Held]:
    made = ports.Held(locks)
    yield made
    made.close()


@pytest.fixture
def other(locks: Path) -> Iterator[ports.Held]:
    """Another installation on this machine."""
    made = ports.Held(locks)
    yield made
    made.close()


def test_a_preferred_port_is_kept_when_it_is_free(held: ports.Held, tmp_path: Path) -> None:
    free = ports.free_port()
    assert held.choose(tmp_path / "ports.json", preferred={"web": free}) == {"web": free}


def test_a_taken_port_is_replaced_by_a_free_one_and_remembered(
    held: ports.Held, tmp_path: Path, taken: int
) -> None:
    file = tmp_path / "ports.json"
    first = held.choose(file, preferred={"web": taken})
    assert first["web"] != taken
    assert ports.is_free(first["web"])
    held.close()
    assert held.choose(file, preferred={"web": taken}) == first


def test_two_that_choose_before_anybody_listens_never_get_one_port(
    held: ports.Held, other: ports.Held, tmp_path: Path
) -> None:
    free = ports.free_port()
    first = held.choose(tmp_path / "one.json", preferred={"web": free})
    second = other.choose(tmp_path / "two.json", preferred={"web": free})
    assert first == {"web": free}
    assert second["web"] != free
    held.close()
    assert other.take(free)


def test_another_process_holds_a_port_until_it_ends(held: ports.Held, locks: Path) -> None:
    free = ports.free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", TAKER, str(locks), str(free)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        assert not held.take(free)
    finally:
        process.kill()
        process.communicate()
    assert held.take(free)


def test_given_ports_are_held_or_refused_with_a_sentence(held: ports.Held, taken: int) -> None:
    free = ports.free_port()
    assert held.take_all({"web": free}) == {"web": free}
    with pytest.raises(StackError, match=f"Port {taken}, chosen for chain, is used"):
        held.take_all({"chain": taken})


def test_a_lock_file_can_be_opened_by_everybody_whatever_the_umask(
    held: ports.Held, locks: Path
) -> None:
    free, before = ports.free_port(), os.umask(0o077)
    try:
        assert held.take(free)
    finally:
        os.umask(before)
    assert stat.S_IMODE((locks / str(free)).stat().st_mode) == 0o644
    assert stat.S_IMODE(locks.stat().st_mode) == 0o1777


def test_a_lock_that_cannot_be_opened_is_a_sentence(held: ports.Held, locks: Path) -> None:
    locks.write_text("a file where the folder should be")
    with pytest.raises(StackError, match=r"The lock of port \d+ cannot be opened"):
        held.take(ports.free_port())


def test_a_listener_on_all_addresses_counts_as_taken() -> None:
    with socket.socket() as server:
        server.bind(("", 0))
        server.listen()
        assert not ports.is_free(server.getsockname()[1])


def test_two_names_never_get_one_port(held: ports.Held, tmp_path: Path) -> None:
    free = ports.free_port()
    chosen = held.choose(tmp_path / "ports.json", preferred={"web": free, "events": free})
    assert chosen["web"] != chosen["events"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"web": "x"}', '{"web": null}', '{"web": 99999}']
)
def test_an_unreadable_memory_is_forgotten(held: ports.Held, tmp_path: Path, content: str) -> None:
    file = tmp_path / "ports.json"
    file.write_text(content)
    free = ports.free_port()
    assert held.choose(file, preferred={"web": free}) == {"web": free}


def test_free_ports_differ(held: ports.Held) -> None:
    chosen = held.choose_free()
    assert len(set(chosen.values())) == len(ports.PREFERRED)


@pytest.mark.skipif(not listeners.CAN_TELL, reason="only Linux says who listens")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_listener_outside_the_group_is_a_stranger(address: str) -> None:
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    listen = "import socket, sys; s = socket.socket(int(sys.argv[1])); s.bind((sys.argv[2], 0));"
    listen += "s.listen(); print(s.getsockname()[1], flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", listen, str(int(kind)), address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        assert not listeners.strangers(port, process.pid)
        with socket.socket(kind) as mine:
            mine.bind((address, 0))
            mine.listen()
            assert listeners.strangers(mine.getsockname()[1], process.pid)
    finally:
        process.kill()
        process.communicate()
