"""The embedded chain: anvil, its state on disk, a valid copy of it, and a check that it is ours."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crowdfund.local import anvil, rpc
from crowdfund.local.errors import StackError
from crowdfund.local.programs import Program, options

CHAIN_ID = 31337
SAVE_S = 10
DAY_S = 86_400
FIRST_BASE_FEE = 10**9  # what the node itself begins with


@dataclass(frozen=True)
class NodeState:
    """The files of one chain.

    The node's own dump is not atomic: killed while it writes, it leaves a file that it refuses to
    load. So a copy of the last whole one is kept, and put back when the dump cannot be read.
    """

    folder: Path

    @property
    def dump(self) -> Path:
        """What the node writes every few seconds and at its end."""
        return self.folder / "state.json"

    @property
    def good(self) -> Path:
        """The last whole dump."""
        return self.folder / "state.good.json"

    @property
    def genesis(self) -> Path:
        """Hash of block 0, which identifies our chain."""
        return self.folder / "genesis"

    def save_copy(self) -> None:
        """Copy the dump if it changed and is whole."""
        if not self.dump.exists() or self._is_copied() or not is_whole(self.dump):
            return
        part = self.good.with_suffix(".part")
        shutil.copy2(self.dump, part)
        if is_whole(part):  # the node may have begun to write meanwhile
            part.replace(self.good)

    def repair(self) -> None:
        """Put the good copy back if the dump cannot be loaded; raises StackError if all is lost."""
        if self.dump.exists() and is_whole(self.dump):
            self._keep_one_beginning()
            self.save_copy()
        elif self.good.exists() and is_whole(self.good):
            shutil.copy2(self.good, self.dump)
            self._keep_one_beginning()
        elif self.genesis.exists():
            raise StackError(
                f"The state of the chain in {self.folder} is lost, so the database tells of a "
                "chain that is no more. `make reset` starts anew."
            )
        else:
            self.dump.unlink(missing_ok=True)

    def prove(self, url: str) -> None:
        """Check that the node at `url` has our chain; raises StackError if it has another one."""
        if int(rpc.call(url, "eth_chainId"), 16) != CHAIN_ID:
            raise StackError(f"Another chain answers at {url}. End it, or set CHAIN_RPC_URL.")
        block = rpc.call(url, "eth_getBlockByNumber", "0x0", False)
        if not self.genesis.exists() or self.genesis.read_text().strip() != block["hash"]:
            raise StackError(
                f"The chain at {url} is not the one that the database tells of. "
                "End a leftover node on that port, or start anew with `make reset`."
            )

    def _keep_one_beginning(self) -> None:
        """Drop the blocks 0 that later starts added.

        Each start of the node makes a block 0 of its own and then loads ours over it, but dumps
        both; with two in a dump it is chance which one is served. Ours is the oldest.
        """
        state = json.loads(self.dump.read_bytes())
        beginnings = [
            block for block in state.get("blocks", []) if int(block["header"]["number"], 16) == 0
        ]
        if len(beginnings) < 2:
            return
        ours = min(beginnings, key=lambda block: int(block["header"]["timestamp"], 16))
        state["blocks"] = [
            block for block in state["blocks"] if block is ours or block not in beginnings
        ]
        part = self.dump.with_suffix(".part")
        part.write_text(json.dumps(state))
        part.replace(self.dump)

    def _is_copied(self) -> bool:
        return self.good.exists() and self.good.stat().st_mtime_ns == self.dump.stat().st_mtime_ns


def is_whole(path: Path) -> bool:
    """Return whether a dump can be loaded."""
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (OSError, ValueError):
        return False


def program(state: NodeState, binary: Path, port: int, *, env: Mapping[str, str]) -> Program:
    """Return the node; `ready` answers only for a living child with our chain."""
    url = f"http://127.0.0.1:{port}"
    argv = [
        str(binary),
        *options(
            host="127.0.0.1",
            port=port,
            chain_id=CHAIN_ID,
            no_cors=True,
            prune_history=True,
            silent=True,
            state=state.dump,
            state_interval=SAVE_S,
        ),
    ]
    if anvil.knows(binary, anvil.TX_GAS_LIMIT):
        argv.append(anvil.TX_GAS_LIMIT)

    def ready() -> bool:
        try:
            state.prove(url)
        except rpc.RpcError:
            return False
        return True

    return Program(
        "chain",
        argv,
        # its own scratch files go to the home folder: give it one that `make reset` removes
        {**env, "HOME": str(state.folder), "NO_COLOR": "1"},
        ready=ready,
        ports=(port,),
        before=state.repair,
        tick=state.save_copy,
        tick_s=SAVE_S,
        stop_s=10.0,
        death_signal=signal.SIGTERM,
        foundation=True,
    )


def begin(state: NodeState, anvil: Path, port: int, moment: int) -> None:
    """Make a new chain, unless there is one, whose first block has about this time (Unix seconds).

    A node can only go forward from its last block, so for a story with a past the beginning itself
    has to lie back. The flags must not be there at later starts: the node would jump back each
    time. Raises StackError when another node answers on the port.
    """
    if state.genesis.exists():
        return
    state.folder.mkdir(parents=True, exist_ok=True)
    state.dump.unlink(missing_ok=True)  # of a beginning that was interrupted
    # The hash of block 0 follows from its time and fee alone, whatever the accounts hold. Two
    # chains that begin in the same second must differ, so that one is never taken for the other.
    began_at, fee = moment - secrets.randbelow(DAY_S), FIRST_BASE_FEE + secrets.randbelow(10**6)
    flags = ["--timestamp", str(began_at), "--base-fee", str(fee)]
    argv = [*program(state, anvil, port, env={}).argv, *flags]
    env = {**os.environ, "HOME": str(state.folder)}
    child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        first = _first_block(f"http://127.0.0.1:{port}", child)
        if (int(first["timestamp"], 16), int(first["baseFeePerGas"], 16)) != (began_at, fee):
            raise StackError(
                f"Another chain took port {port} at the same moment. Nothing was written to it. "
                "Run this again: another port is chosen then."
            )
    finally:
        child.terminate()  # it writes its state at its end
        child.wait(timeout=10)
    state.genesis.write_text(first["hash"])


def _first_block(
    url: str, child: subprocess.Popen[bytes], *, limit_s: float = 10
) -> dict[str, str]:
    """Return block 0 as soon as the node answers."""
    end = time.monotonic() + limit_s
    while True:
        try:
            return dict(rpc.call(url, "eth_getBlockByNumber", "0x0", False))
        except rpc.RpcError as error:
            if child.poll() is not None:
                raise StackError(
                    f"The chain node ended with exit code {child.returncode}."
                ) from None
            if time.monotonic() > end:
                raise StackError(f"The chain node does not answer at {url}: {error}") from None
            time.sleep(0.05)


def fund(url: str, key_files: list[Path], *, ether: int = 1_000_000) -> None:
    """Give our signers play money for gas, once."""
    for path in key_files:
        address = address_of(path.read_text().strip())
        if int(rpc.call(url, "eth_getBalance", address, "latest"), 16) == 0:
            rpc.call(url, "anvil_setBalance", address, hex(ether * 10**18))


def address_of(key: str) -> str:
    """Return the account of a private key (hex)."""
    from coincurve import PrivateKey  # only the first start needs them
    from eth_hash.auto import keccak

    public = PrivateKey.from_hex(key.removeprefix("0x")).public_key.format(compressed=False)
    return "0x" + keccak(public[1:])[-20:].hex()
