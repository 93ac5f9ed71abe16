import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from crowdfund.local import node, rpc, stack
from crowdfund.local.errors import StackError

from .conftest import eventually


@pytest.fixture
def state(tmp_path: Path) -> node.NodeState:
    return node.NodeState(tmp_path)


DUMP = {"block": 1, "blocks": []}


def test_a_truncated_state_is_rolled_back_to_the_good_copy(state: node.NodeState) -> None:
    state.dump.write_text(json.dumps(DUMP))
    state.save_copy()
    state.dump.write_text('{"block": ')
    state.repair()
    assert json.loads(state.dump.read_text()) == DUMP


def test_a_broken_state_never_becomes_the_good_copy(state: node.NodeState) -> None:
    state.dump.write_text(json.dumps(DUMP))
    state.save_copy()
    state.dump.write_text("")
    state.save_copy()
    assert json.loads(state.good.read_text()) == DUMP


def test_a_chain_whose_state_is_lost_is_told(state: node.NodeState) -> None:
    state.genesis.write_text("0x1")
    state.dump.write_text("")
    with pytest.raises(StackError, match="make reset"):
        state.repair()


def test_an_empty_dump_of_a_chain_that_never_was_is_dropped(state: node.NodeState) -> None:
    state.dump.write_text("")
    state.repair()
    assert not state.dump.exists()


@contextmanager
def chain_that_says(answers: dict[str, object]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(
                {"jsonrpc": "2.0", "id": 1, "result": answers[call["method"]]}
            ).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_leftover_node_with_another_chain_is_not_taken_for_ours(state: node.NodeState) -> None:
    state.genesis.write_text("0xours")
    answers = {"eth_chainId": hex(node.CHAIN_ID), "eth_getBlockByNumber": {"hash": "0xother"}}
    with chain_that_says(answers) as url, pytest.raises(StackError, match="not the one"):
        state.prove(url)


def test_a_node_of_another_network_is_not_taken_for_ours(state: node.NodeState) -> None:
    with (
        chain_that_says({"eth_chainId": "0x1"}) as url,
        pytest.raises(StackError, match="Another chain"),
    ):
        state.prove(url)


def chain_only(folder: Path, environ: dict[str, str]):
    return stack.running(folder, ports="free", environ=environ, prepare=False, only=("chain",))


def block(url: str, number: int) -> dict[str, object]:
    return rpc.call(url, "eth_getBlockByNumber", hex(number), False)


def height(url: str) -> int:
    return int(rpc.call(url, "eth_blockNumber"), 16)


def test_the_chain_goes_on_where_it_stopped(tmp_path: Path, environ: dict[str, str]) -> None:
    with chain_only(tmp_path, environ) as first:
        rpc.call(first.url("chain"), "evm_mine")
        beginning = block(first.url("chain"), 0)
    for restarts in range(1, 5):
        with chain_only(tmp_path, environ) as again:
            assert height(again.url("chain")) == restarts
            assert block(again.url("chain"), 0) == beginning
            assert block(again.url("chain"), 1)["parentHash"] == beginning["hash"]
            rpc.call(again.url("chain"), "evm_mine")
    dump = json.loads((tmp_path / "chain" / "state.json").read_text())
    assert len(dump["blocks"]) <= 6 + 1


def test_a_new_chain_begins_alone_and_goes_on_in_real_time(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    firsts = []
    for name in ("one", "two"):
        with chain_only(tmp_path / name, environ) as started:
            url = started.url("chain")
            rpc.call(url, "evm_mine")
            assert abs(int(str(block(url, 1)["timestamp"]), 16) - time.time()) < 30
            firsts.append(block(url, 0)["hash"])
            assert (tmp_path / name / "chain" / "genesis").read_text() == firsts[-1]
    assert firsts[0] != firsts[1]


def test_a_beginning_that_was_interrupted_is_begun_anew(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "chain").mkdir()
    (tmp_path / "chain" / "state.json").write_text('{"block": ')
    with chain_only(tmp_path, environ) as started:
        assert height(started.url("chain")) == 0


def test_a_node_whose_dump_was_cut_by_a_kill_starts_from_the_good_copy(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    with chain_only(tmp_path, environ) as first:
        rpc.call(first.url("chain"), "evm_mine")
    state = node.NodeState(tmp_path / "chain")
    state.save_copy()
    with chain_only(tmp_path, environ) as second:
        old = second.pid("chain")
        state.dump.write_text("")
        second.kill("chain")
        eventually(lambda: second.pid("chain") not in (None, old))
        eventually(lambda: _answers(second.url("chain")))
        assert height(second.url("chain")) == 1


def _answers(url: str) -> bool:
    try:
        return height(url) >= 0
    except rpc.RpcError:
        return False


def test_signers_get_play_money_once(tmp_path: Path, environ: dict[str, str]) -> None:
    key = tmp_path / "key"
    key.write_text("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
    address = "0x2c7536e3605d9c16a7a3d7b1898e529396a65c23"  # known from the Ethereum documentation
    assert node.address_of(key.read_text()) == address
    with chain_only(tmp_path / "var", environ) as running:
        url = running.url("chain")
        node.fund(url, [key], ether=5)
        node.fund(url, [key], ether=7)
        assert int(rpc.call(url, "eth_getBalance", address, "latest"), 16) == 5 * 10**18
