"""Investments recorded on chain a second and gas each: alone, by 50 and by 200.

The whole way counts: intent in SQL, simulation, signature, broadcast, block, index, confirmation.
The baseline is the node's own limit: presigned transactions sent one by one over the same
connection, with nothing written down. A local node mines at once, so this measures us, not a chain.
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import turns
from crowdfund import create_app
from crowdfund.adapters.chain import abi, answers, errors, signing
from crowdfund.adapters.chain import node as chain_node
from crowdfund.chain import connection, deploy, queries, rules, service
from crowdfund.chain.models import Tx
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.local import anvil

# How many are recorded at a time: how many in all, and the share of the node's own limit to be
# reached.
BATCHES = {1: (100, 0.15), 50: (500, 0.74), 200: (1_000, 1.07)}
SMALL = {1: (2, 0.15), 50: (50, 0.74)}
PRESIGNED = 100
MINOR = 100_00


def run(*, small: bool = False) -> dict[str, Any]:
    """Return rates a second and gas each."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _node(Path(folder)) as url,
        _app(Path(folder), url),
    ):
        address = _campaign()
        limit = _presigned(address, 2 if small else PRESIGNED)
        measured = {
            size: (*_measure(address, total, size), goal)
            for size, (total, goal) in (SMALL if small else BATCHES).items()
        }
    return {
        f"investments on chain, {'alone' if size == 1 else f'by {size}'}": {
            **turns.row([rate], [limit], goal),
            "note": f"{gas:,} gas each",
        }
        for size, (rate, gas, goal) in measured.items()
    }


@contextmanager
def _node(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    flags = [
        "--host",
        "127.0.0.1",
        "--port",
        port,
        "--chain-id",
        "31337",
        "--silent",
        "--prune-history",
    ]
    process = subprocess.Popen([str(anvil.ensure()), *flags], env={"HOME": str(folder)})
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _app(folder: Path, url: str) -> Iterator[None]:
    settings = config.Settings(
        _env_file=None,
        environment="test",
        CROWDFUND_DATA_DIR=folder,
        redis_url="",
        database_url=f"sqlite:///{folder}/bench.db",
        chain_rpc_url=url,
    )
    app = create_app(settings)
    with app.app_context():
        db.create_all()
        _wait_for(url)
        deploy.run(lambda _line: None, commit)
        yield
        db.session.remove()


def _wait_for(url: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            chain_node.Node(url).chain_id()
        except errors.NodeUnreachable:
            time.sleep(0.01)
        else:
            return


def _settle() -> None:
    """Work until nothing is under way; a send answers before the node has made the block."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        outbox.drain("chain", limit_s=120)
        counts = queries.counts()
        db.session.remove()
        if not sum(counts[name] for name in ("queued", "signed", "broadcast", "mined")):
            return
        outbox.add("chain.index", f"chain.index:{time.monotonic_ns()}")
        commit()


def _write(intent: str, contract: str, function: str, args: list[Any], **more: Any) -> None:
    service.write(
        intent,
        contract,
        function,
        [rules.intent_bytes32(intent), *args],
        subject=("bench", intent),
        **more,
    )


def _campaign() -> str:
    node = connection.node()
    wallet = abi.to_checksum_address("0x" + "22" * 20)
    one = rules.intent_bytes32("company")
    _write("register", "IssuerRegistry", "registerIssuer", [one, wallet, one, one])
    commit()
    _settle()
    most = rules.to_units(10**12)
    terms = [
        one,
        one,
        wallet,
        queries.address_of("PaymentToken"),
        most,
        rules.to_units(MINOR),
        most,
        node.head().timestamp + 30 * 86_400,
        7500,
        rules.UNITS_PER_MINOR,
        one,
        rules.tranches_bytes32(()),
    ]
    _write("create", "CampaignFactory", "createCampaign", [terms])
    commit()
    _settle()
    return str(
        node.call("CampaignFactory", queries.address_of("CampaignFactory"), "campaignOf", one)
    )


def _presigned(address: str, count: int) -> float:
    node, key = connection.node(), connection.key_of("recorder")
    fees, first = node.fees(), node.nonce(signing.address_of_key(key))
    ready = []
    for n in range(count):
        ref = rules.intent_bytes32(f"presigned-{n}")
        args = [ref, ref, rules.to_units(MINOR)]
        data = abi.encode("CampaignImplementation", "recordInvestment", args)
        call = signing.Call(address, data, 200_000)
        signed = signing.sign(key, call, chain_id=31337, nonce=first + n, fees=fees)
        ready.append(signed.raw)
    began = time.perf_counter()
    for raw in ready:
        assert node.send_raw(raw).sent == answers.Sent.ACCEPTED
    return count / (time.perf_counter() - began)


def _measure(address: str, total: int, size: int) -> tuple[float, int]:
    """Record `total` investments, `size` at a time, until each is confirmed;
    return rate and gas each."""
    batch = None if size == 1 else "recordInvestments"
    step = total if size == 1 else size
    spent = 0.0
    for start in range(0, total, step):
        for n in range(start, start + step):
            more = {"address": address, "batch": batch}
            key = rules.intent_bytes32(f"investor-{n}-by-{size}")
            args = [key, rules.to_units(MINOR)]
            _write(f"by-{size}-{n}", "CampaignImplementation", "recordInvestment", args, **more)
        began = time.perf_counter()
        commit()
        _settle()
        spent += time.perf_counter() - began
    done = [queries.write(f"by-{size}-{n}") for n in (0, total - 1)]
    assert all(row is not None and row.status == "confirmed" for row in done)
    last = done[-1]
    assert last is not None
    return total / spent, _gas(last.tx_id) // size


def _gas(tx_id: str | None) -> int:
    return int(db.session.execute(db.select(Tx.gas_used).where(Tx.id == tx_id)).scalar_one())
