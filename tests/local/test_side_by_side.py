"""Two installations on one machine, and strangers on our ports:
nobody writes to another's chain."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crowdfund.local import anvil, node, ports, rpc, stack
from crowdfund.local.errors import StackError
from crowdfund.local.programs import Program
from crowdfund.local.services import Answers
from crowdfund.local.supervisor import Supervisor

from .conftest import eventually, python
from .test_run import children_of, until_started

Launch = Callable[..., subprocess.Popen[str]]
RUN = (sys.executable, "-m", "crowdfund.local", "run", "--no-seed")


@contextmanager
def foreign_chain(folder: Path, port: int, *flags: str) -> Iterator[str]:
    """A node of somebody else."""
    argv = [str(anvil.ensure()), "--port", str(port), "--silent", *flags]
    child = subprocess.Popen(argv, env={"HOME": str(folder)}, stdin=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _height(url) is not None)
        yield url
    finally:
        child.kill()
        child.wait()


def _height(url: str) -> int | None:
    try:
        return int(rpc.call(url, "eth_blockNumber"), 16)
    except rpc.RpcError:
        return None


def test_two_whole_stacks_started_at_the_same_moment_share_nothing(
    launch: Launch, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    both = [launch(*RUN, CROWDFUND_DATA_DIR=str(folder)) for folder in folders]
    for process in both:
        until_started(process)
    chosen = [json.loads((folder / "ports.json").read_text()) for folder in folders]
    assert not set(chosen[0].values()) & set(chosen[1].values())
    geneses = [(folder / "chain" / "genesis").read_text() for folder in folders]
    assert geneses[0] != geneses[1]
    for number, genesis in enumerate(geneses):
        url = f"http://127.0.0.1:{chosen[number]['chain']}"
        assert rpc.call(url, "eth_getBlockByNumber", "0x0", False)["hash"] == genesis
        contract = _deployed(folders[number])
        assert len(rpc.call(url, "eth_getCode", contract, "latest")) > 10
        assert rpc.call(url, "eth_getBalance", _signer(folders[1 - number]), "latest") == "0x0"
    below = [children_of(process.pid) for process in both]
    assert not below[0] & below[1]
    for process in both:
        process.send_signal(signal.SIGINT)
    assert [process.wait(timeout=30) for process in both] == [0, 0]


def _deployed(folder: Path) -> str:
    log = (folder / "log" / "prepare-chain-deploy.log").read_text()
    return next(word for word in log.split() if word.startswith("0x") and len(word) == 42)


def _signer(folder: Path) -> str:
    return node.address_of((folder / "keys" / "chain-signer.key").read_text().strip())


def test_a_foreign_chain_on_the_usual_port_is_left_alone(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    taken = ports.free_port()
    with foreign_chain(tmp_path, taken) as url:
        held = ports.Held()
        preferred = {**dict.fromkeys(ports.PREFERRED, 0), "chain": taken}
        chosen = held.choose(tmp_path / "ports.json", preferred=preferred)
        held.close()
        assert chosen["chain"] != taken
        with stack.running(
            tmp_path / "var", ports=chosen, environ=environ, prepare=False, only=("chain",)
        ):
            pass
        assert _height(url) == 0


@pytest.mark.parametrize(
    "same_beginning", [False, True], ids=["another chain", "a copy of our own chain"]
)
def test_a_foreign_chain_that_takes_the_port_after_the_choice_is_refused_before_anything_is_written(
    tmp_path: Path,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    same_beginning: bool,
) -> None:
    var = tmp_path / "var"
    chosen = {name: ports.free_port() for name in ports.PREFERRED}
    port = chosen["chain"]
    with stack.running(var, ports=chosen, environ=environ, prepare=False, only=("chain",)):
        pass
    copy = tmp_path / "copy.json"
    copy.write_bytes((var / "chain" / "state.json").read_bytes())
    flags = ("--load-state", str(copy), "--chain-id", str(node.CHAIN_ID)) if same_beginning else ()
    monkeypatch.setattr(ports, "is_free", lambda _port: True)  # nobody listened when we looked
    with foreign_chain(tmp_path, port, *flags) as url:
        before = _height(url)
        options = stack.Options(ports=chosen, environ=environ, seed=False, only=("redis", "chain"))
        words = f"Another program took port {port}|is not the one|Address already in use"
        with pytest.raises(StackError, match=words), stack.running(var, options):
            pass
        assert _height(url) == before
        signer = node.address_of((var / "keys" / "chain-signer.key").read_text().strip())
        assert rpc.call(url, "eth_getBalance", signer, "latest") == "0x0"


def test_a_foreign_chain_is_not_taken_for_the_beginning_of_ours(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = ports.free_port()
    monkeypatch.setattr(ports, "is_free", lambda _port: True)
    with foreign_chain(tmp_path, port) as url:
        state = node.NodeState(tmp_path / "chain")
        with pytest.raises(StackError, match=r"Another chain took port|ended with exit code"):
            node.begin(state, anvil.ensure(), port, 1_790_000_000)
        assert not state.genesis.exists()
        assert _height(url) == 0


SHARED = (
    "import http.server, socket, socketserver, sys\n"
    "class Server(http.server.HTTPServer):\n"
    "    def server_bind(self):\n"
    "        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
    "        super().server_bind()\n"
    "class Handler(http.server.BaseHTTPRequestHandler):\n"
    "    def do_GET(self):\n"
    "        self.send_response(200); self.end_headers()\n"
    "    def log_message(self, *_): pass\n"
    "Server(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"
)


def test_a_program_that_shares_its_port_with_a_stranger_is_not_ready(
    supervisor: Supervisor, environ: dict[str, str]
) -> None:
    port = ports.free_port()
    stranger = subprocess.Popen([*python(SHARED), str(port)], start_new_session=True)
    try:
        eventually(Answers(port))
        ours = Program(
            "web", [*python(SHARED), str(port)], environ, ready=Answers(port), ports=(port,)
        )
        supervisor.start(ours)
        with pytest.raises(StackError, match=f"Another program took port {port}, which web needs"):
            supervisor.wait_ready("web", timeout_s=20)
    finally:
        stranger.kill()
        stranger.wait()
    eventually(lambda: Answers(port)() and supervisor.pid("web"))
    supervisor.make_sure("web")
