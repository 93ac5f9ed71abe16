import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdfund.local import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_preferred_port_is_kept_when_it_is_free(tmp_path: Path) -> None:
    free = ports.free_port()
    assert ports.choose(tmp_path / "ports.json", preferred={"web": free}) == {"web": free}


def test_a_taken_port_is_replaced_by_a_free_one_and_remembered(tmp_path: Path, taken: int) -> None:
    file = tmp_path / "ports.json"
    first = ports.choose(file, preferred={"web": taken})
    assert first["web"] != taken
    assert ports.is_free(first["web"])
    assert ports.choose(file, preferred={"web": taken}) == first


def test_a_listener_on_all_addresses_counts_as_taken() -> None:
    with socket.socket() as server:
        server.bind(("", 0))
        server.listen()
        assert not ports.is_free(server.getsockname()[1])


def test_two_names_never_get_one_port(tmp_path: Path) -> None:
    free = ports.free_port()
    chosen = ports.choose(tmp_path / "ports.json", preferred={"web": free, "events": free})
    assert chosen["web"] != chosen["events"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"web": "x"}'])
def test_an_unreadable_memory_is_forgotten(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ports.json"
    file.write_text(content)
    free = ports.free_port()
    assert ports.choose(file, preferred={"web": free}) == {"web": free}


def test_free_ports_differ() -> None:
    chosen = ports.choose_free()
    assert len(set(chosen.values())) == len(ports.PREFERRED)
