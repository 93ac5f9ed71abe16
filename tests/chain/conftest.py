"""A real node per session, contracts deployed per test, and a campaign to record money on."""

import os
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from crowdfund.adapters.chain import abi, answers, errors
from crowdfund.adapters.chain import node as chain_node
from crowdfund.chain import admissions, connection, deploy, queries, rules, service
from crowdfund.chain.events import ContractEvent, WriteConfirmed, WriteFailed
from crowdfund.chain.models import Write
from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.local import anvil


@dataclass
class LocalNode:
    """An anvil that tests may stop, freeze, wipe and start again on the same port."""

    port: int
    flags: tuple[str, ...]
    home: Path
    process: subprocess.Popen | None = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        flags = ("--host", "127.0.0.1", "--port", str(self.port), "--chain-id", "31337", "--silent")
        self.process = subprocess.Popen(
            [str(anvil.ensure()), *flags, "--no-cors", anvil.TX_GAS_LIMIT, *self.flags],
            env={"HOME": str(self.home), "PATH": os.environ["PATH"]},
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                chain_node.Node(self.url).chain_id()
            except errors.NodeUnreachable:
                time.sleep(0.01)
            else:
                return self
        raise RuntimeError("anvil did not start")

    def stop(self):
        """End it as a supervisor would; with `--state` it remembers its chain."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def mine(self, blocks=1):
        self.rpc("anvil_mine", hex(blocks))

    def rpc(self, method, *params):
        return chain_node.Node(self.url).rpc(method, *params)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def shared_node(tmp_path_factory):
    node = LocalNode(
        free_port(), ("--prune-history", "300"), tmp_path_factory.mktemp("anvil")
    ).start()
    yield node
    node.stop()


@pytest.fixture
def own_node(tmp_path):
    """A node of this test alone, for those that stop, wipe or reorganise it."""
    node = LocalNode(free_port(), ("--prune-history", "300"), tmp_path).start()
    yield node
    node.stop()


@pytest.fixture
def later():
    """Move the clock forward while it keeps running."""
    moved = timedelta()

    def move(seconds):
        nonlocal moved
        moved += timedelta(seconds=seconds)
        clock.use(clock.OffsetClock(moved))

    yield move
    clock.use(None)


def use_node(node, **settings):
    config.use(config.settings().model_copy(update={"chain_rpc_url": node.url, **settings}))


@pytest.fixture
def node(app, request):
    """The node in use: `own_node` when the test asks for it, else the shared one."""
    name = "own_node" if "own_node" in request.fixturenames else "shared_node"
    found, before = request.getfixturevalue(name), config.settings()
    use_node(found)
    yield found
    config.use(before)


@pytest.fixture
def deployed(node):
    """Contracts on chain, roles granted, SQL knows the addresses."""
    found = deploy.run(lambda _line: None, commit)
    db.session.remove()
    return found


@pytest.fixture
def listening(app):
    """What the features above would be sent: (event, payload) in order; no feature works."""
    told = []
    saved_kinds, saved_handlers = dict(outbox.SUBSCRIBERS), dict(outbox.HANDLERS)
    outbox.SUBSCRIBERS.clear()
    for event in (WriteConfirmed, WriteFailed, ContractEvent):

        def listen(events):
            told.extend((one.name, one.payload()) for one in events)

        outbox.on(event, batch=100)(_named(listen, event.name))
    yield told
    outbox.SUBSCRIBERS.clear()
    outbox.SUBSCRIBERS.update(saved_kinds)
    outbox.HANDLERS.clear()
    outbox.HANDLERS.update(saved_handlers)


@pytest.fixture
def heard(deployed, listening):
    """What the features above are told once the contracts are deployed."""
    look_after()
    listening.clear()  # what the deployment did
    return listening


def _named(function, event):
    function.__name__ = event.replace(".", "_")
    function.__module__ = "tests.chain.conftest"
    return function


def wallet(text):
    """An address without a key, for issuers."""
    return deploy.abi.to_checksum_address("0x" + rules.intent_bytes32(text)[2:42])


def register_issuer(name="acme"):
    """Ask for a company to be registered; returns the write."""
    row = service.write(
        f"issuer:{name}:register",
        "IssuerRegistry",
        "registerIssuer",
        [
            rules.intent_bytes32(f"issuer:{name}:register"),
            rules.intent_bytes32(name),
            wallet(name),
            rules.intent_bytes32("vc"),
            rules.intent_bytes32("documents"),
        ],
        subject=("company", name),
    )
    commit()
    return row


def settle():
    """Run all work until nothing is due and the node has put what it got into blocks."""
    outbox.drain_all()
    if node_has_mined():
        outbox.add("chain.index", f"chain.index:{time.monotonic_ns()}")
        commit()
        outbox.drain_all()
    db.session.remove()


def node_has_mined():
    """A send answers before the block is made; wait for it, unless the node does not mine now."""
    node = connection.node()
    try:
        if not node.rpc("anvil_getAutomine"):
            return False
        until = time.monotonic() + 10
        while time.monotonic() < until and int(node.rpc("txpool_status")["pending"], 16):
            pass
    except (errors.NodeUnreachable, answers.NodeError):
        return False
    return True


def look_after():
    """Run the periodic work once, as the scheduler would, and what follows from it."""
    for kind in ("chain.index", "chain.watch", "chain.nonces"):
        outbox.add(kind, f"{kind}:{time.monotonic_ns()}")
    commit()
    settle()


def campaign(name="bakery", *, goal=1_000_000_00, least=100_00, most=1_000_000_00):
    """Register a company, create its campaign on chain and return the campaign's address."""
    node = connection.node()
    register_issuer(name)
    settle()
    intent = f"campaign:{name}:create"
    deadline = node.head().timestamp + 30 * 86_400
    terms = {
        "campaignId": rules.intent_bytes32(f"campaign:{name}"),
        "issuerId": rules.intent_bytes32(name),
        "issuerWallet": wallet(name),
        "token": queries.address_of("PaymentToken"),
        "goal": rules.to_units(goal),
        "minInvestment": rules.to_units(least),
        "maxInvestment": rules.to_units(most),
        "deadline": deadline,
        "thresholdBps": 7500,
        "granularity": rules.UNITS_PER_MINOR,
        "termsHash": rules.intent_bytes32("terms"),
        "tranches": rules.tranches_bytes32(()),
    }
    args = [rules.intent_bytes32(intent), terms]
    service.write(intent, "CampaignFactory", "createCampaign", args, subject=("campaign", name))
    commit()
    settle()
    assert queries.write(intent).status == "confirmed", queries.write(intent).last_error
    factory = queries.address_of("CampaignFactory")
    return node.call("CampaignFactory", factory, "campaignOf", terms["campaignId"])


def admitted(address, intent, investor, minor):
    """An operator's leave for one investment with tokens, good for a year of the clock."""
    position = connection.node().call(
        "CampaignImplementation", address, "positionOf", abi.to_checksum_address(investor)
    )
    return admissions.sign(
        address,
        intent_id=intent,
        investor=investor,
        amount_minor=minor,
        valid_until=clock.now() + timedelta(days=365),
        already_units=position["paidIn"],
    )


def record(address, number, *, minor=100_00, investor=None):
    """Ask for one settled payment to be recorded; returns the write."""
    intent = f"investment:{number}"
    key = rules.intent_bytes32(f"investor:{investor or number}")
    args = [rules.intent_bytes32(intent), key, rules.to_units(minor)]
    return service.write(
        intent,
        "CampaignImplementation",
        "recordInvestment",
        args,
        subject=("investment", str(number)),
        address=address,
        batch="recordInvestments",
    )


def status_of(intent):
    db.session.remove()
    return queries.write(intent).status


def statuses():
    rows = db.session.scalars(db.select(Write.status)).all()
    db.session.remove()
    return sorted(set(rows))
