"""Investments recorded on chain a second and gas each: alone, by 50, by 200 and under load.

The whole way counts: intent in SQL, simulation, signature, broadcast, block, index, confirmation.
The baseline is the node's own limit: presigned transactions sent one by one over the same
connection, with nothing written down. A local node mines at once, so this measures us, not a chain.
Under load thousands wait at once, and each round takes as many as it can. There the baseline is
what the node does with the same batches, presigned, until the last one is in a block.
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
LOAD, LOAD_GOAL = 4_000, 3_000
PRESIGNED = 100
GAS_OF_BATCH = 12_000_000
MINOR = 100_00


def run(*, small: bool = False) -> dict[str, Any]:
    """Return rates a second and gas each."""
    with (
        tempfile.TemporaryDirectory() as folder,
        node_process(Path(folder)) as url,
        open_app(Path(folder), url),
    ):
        address = make_contract()
        limit = _presigned(address, 2 if small else PRESIGNED)
        measured = {
            size: (*_measure(address, total, size), goal)
            for size, (total, goal) in (SMALL if small else BATCHES).items()
        }
        load = 2 * rules.MAX_BATCH if small else LOAD
        rate, gas, batches = _measure_load(address, load)
    found = {
        f"investments on chain, {'alone' if size == 1 else f'by {size}'}": {
            **turns.row([rate], [limit], goal),
            "note": f"{gas:,} gas each",
        }
        for size, (rate, gas, goal) in measured.items()
    }
    under_load = {
        "per_s": round(rate),
        "baseline_per_s": round(batches),
        "goal": LOAD_GOAL,
        "unit": " /s",
        "met": rate >= LOAD_GOAL,
        "note": f"{gas:,} gas each; beside the node's own limit by batches",
    }
    return found | {f"investments on chain, {load:,} at once": under_load}


@contextmanager
def node_process(folder: Path) -> Iterator[str]:
    """Run a local node; yields its address."""
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


def settings(folder: Path, url: str) -> config.Settings:
    """Return the settings of a platform in a folder, at a node."""
    return config.Settings(
        _env_file=None,
        environment="test",
        CROWDFUND_DATA_DIR=folder,
        redis_url="",
        database_url=f"sqlite:///{folder}/bench.db",
        chain_rpc_url=url,
        chain_recorder_cap_minor=10**12,
    )


@contextmanager
def open_app(folder: Path, url: str) -> Iterator[None]:
    """Open a platform with an empty database and its contracts deployed."""
    app = create_app(settings(folder, url))
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


def settle() -> None:
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


def write(intent: str, contract: str, function: str, args: list[Any], **more: Any) -> None:
    """Ask for an effect on chain that no feature waits for."""
    service.write(
        intent,
        contract,
        function,
        [rules.intent_bytes32(intent), *args],
        subject=("bench", intent),
        **more,
    )


def make_contract() -> str:
    """Create a campaign on chain and return its address; its goal is 10^12 minor units."""
    node = connection.node()
    wallet = abi.to_checksum_address("0x" + "22" * 20)
    one = rules.intent_bytes32("company")
    write("register", "IssuerRegistry", "registerIssuer", [one, wallet, one, one])
    commit()
    settle()
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
    write("create", "CampaignFactory", "createCampaign", [terms])
    commit()
    settle()
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


def _measure_load(address: str, total: int) -> tuple[float, int, float]:
    """Record `total` investments that wait at once; return rate, gas each, and the node's rate.

    The node's own rate is measured last: it uses nonces that our books do not know.
    """
    prefix, began = "load", _ask_for(address, total, prefix="load", batch="recordInvestments")
    settle()
    spent = time.perf_counter() - began
    last = queries.write(f"{prefix}-{total - 1}")
    assert last is not None
    assert last.status == "confirmed"
    gas = _gas(last.tx_id) // rules.MAX_BATCH
    db.session.remove()
    return total / spent, gas, _presigned_batches(address, total)


def _ask_for(address: str, total: int, *, prefix: str, batch: str | None) -> float:
    """Ask for records in one transaction; return the moment before its commit."""
    service.write_many(
        [
            service.Effect(
                f"{prefix}-{n}",
                "CampaignImplementation",
                "recordInvestment",
                [rules.intent_bytes32(f"{prefix}-{n}"), *_record(f"{prefix}-{n}")],
                ("bench", f"{prefix}-{n}"),
                address=address,
                batch=batch,
            )
            for n in range(total)
        ]
    )
    began = time.perf_counter()
    commit()
    return began


def _record(name: str) -> list[Any]:
    return [rules.intent_bytes32(f"investor-{name}"), rules.to_units(MINOR)]


def _presigned_batches(address: str, total: int) -> float:
    """Send presigned batches until the last is in a block; return records a second."""
    node, key = connection.node(), connection.key_of("recorder")
    fees, first = node.fees(), node.nonce(signing.address_of_key(key))
    ready = []
    for number, start in enumerate(range(0, total, rules.MAX_BATCH)):
        names = [f"node-{n}" for n in range(start, start + rules.MAX_BATCH)]
        rows = [[rules.intent_bytes32(name), *_record(name)] for name in names]
        data = abi.encode("CampaignImplementation", "recordInvestments", [rows])
        call = signing.Call(address, data, GAS_OF_BATCH)
        ready.append(signing.sign(key, call, chain_id=31337, nonce=first + number, fees=fees))
    began = time.perf_counter()
    for signed in ready:
        assert node.send_raw(signed.raw).sent == answers.Sent.ACCEPTED
    receipt = node.wait(ready[-1].hash, poll_s=0.005)
    assert receipt is not None
    assert receipt.ok
    return total / (time.perf_counter() - began)


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
            write(f"by-{size}-{n}", "CampaignImplementation", "recordInvestment", args, **more)
        began = time.perf_counter()
        commit()
        settle()
        spent += time.perf_counter() - began
    done = [queries.write(f"by-{size}-{n}") for n in (0, total - 1)]
    assert all(row is not None and row.status == "confirmed" for row in done)
    last = done[-1]
    assert last is not None
    return total / spent, _gas(last.tx_id) // size


def _gas(tx_id: str | None) -> int:
    return int(db.session.execute(db.select(Tx.gas_used).where(Tx.id == tx_id)).scalar_one())
