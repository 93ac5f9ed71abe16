"""Campaigns in every state that a call needs, made once and copied for each cell of the matrix."""

import shutil
import sqlite3
import time
from dataclasses import dataclass, field

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain import node as chain_node
from crowdfund.chain import connection, deploy, queries, rules, service
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db

from .conftest import (
    LocalNode,
    admitted,
    free_port,
    look_after,
    record,
    register_issuer,
    settle,
    use_node,
    wallet,
)

GOAL = 10_000_00
KINDS = ("live", "redirected", "full", "parts", "half", "tokens", "tokens failed", "fiat failed")
HALVES = (5_000, 10_000)
BUYER = "0x" + "b0" * 20
KEPT_BLOCKS = 70  # more than the deepest reorganisation of the matrix


@dataclass
class Town:
    """Where the campaigns are, and the files from which a cell begins."""

    files: object
    addresses: dict = field(default_factory=dict)
    height: int = 0
    begun: int = field(default_factory=lambda: int(time.time()))

    @property
    def state(self):
        return self.files / "state.json"

    @property
    def database(self):
        return self.files / "town.db"

    def build(self):
        """Deploy, make the campaigns, and store chain, database and keys."""
        node = self._start(self.files)
        deploy.run(lambda _line: None, commit)
        look_after()
        self._companies()
        self._campaigns(node)
        node.mine(KEPT_BLOCKS)
        look_after()
        self.height = connection.node().head().number
        node.stop()
        db.session.remove()
        _copy(_database_file(), self.database)
        shutil.copytree(config.settings().data_dir / "keys", self.files / "keys")
        return self

    def copy_to(self, folder):
        """Return a node that begins where the town was left, as the database does."""
        db.session.remove()
        db.engine.dispose()
        _copy(self.database, _database_file())
        shutil.copy(self.state, folder / "state.json")
        keys = config.settings().data_dir / "keys"
        shutil.copytree(self.files / "keys", keys, dirs_exist_ok=True)
        return self._start(folder)

    def _start(self, folder):
        # With a second first block in the file, anvil would take either when it starts again.
        first = ("--timestamp", str(self.begun))
        flags = ("--prune-history", "300", "--state", str(folder / "state.json"), *first)
        node = LocalNode(free_port(), flags, folder).start()
        use_node(node)
        return node

    # -- what the calls need ----------------------------------------------------------------

    def _companies(self):
        for name in ("starter", "idle", "off"):
            register_issuer(name)
        _write("issuer:off:off", "IssuerRegistry", "deactivateIssuer", rules.intent_bytes32("off"))
        settle()

    def _campaigns(self, node):
        minter = connection.node().call(
            "PaymentToken", queries.address_of("PaymentToken"), "MINTER_ROLE"
        )
        _write("minter", "PaymentToken", "grantRole", minter, BUYER, has_intent=False)
        for name in KINDS:
            shares = HALVES if name in ("parts", "half") else ()
            self.addresses[name] = create(name, shares=shares)
        record(self.addresses["live"], "paid")
        for number in range(3):
            record(self.addresses["fiat failed"], f"failed {number}")
        for name in ("full", "parts", "half"):
            minor = 8_000_00 if name == "full" else 7_000_00
            record(self.addresses[name], f"most of {name}", minor=minor)
        commit()
        settle()
        for name in ("parts", "half", "tokens", "tokens failed"):
            _invest_tokens(node, self.addresses[name], name, 1_000_00)
        self._move_on()
        assert queries.nonce_problems() == []
        db.session.remove()

    def _move_on(self):
        redirected = self.addresses["redirected"]
        campaign = "CampaignImplementation"
        _write("propose", campaign, "proposeIssuerWallet", wallet("new"), address=redirected)
        for name in ("parts", "half"):
            units = rules.to_units(7_000_00)
            address = self.addresses[name]
            _write(f"close {name}", campaign, "closeConfirmed", units, address=address)
        for name in ("tokens failed", "fiat failed"):
            _write(f"cancel {name}", campaign, "cancel", address=self.addresses[name])
        settle()
        _write("first half", campaign, "release", 0, address=self.addresses["half"])
        settle()


def _write(intent, contract, function, *args, address=None, has_intent=True):
    first = [rules.intent_bytes32(intent)] if has_intent else []
    found = service.write(
        intent, contract, function, [*first, *args], subject=("town", intent), address=address
    )
    commit()
    return found


def terms_of(name, *, shares=()):
    """Return the terms of a campaign of a company of the same name."""
    return {
        "campaignId": rules.intent_bytes32(f"campaign:{name}"),
        "issuerId": rules.intent_bytes32(name),
        "issuerWallet": wallet(name),
        "token": queries.address_of("PaymentToken"),
        "goal": rules.to_units(GOAL),
        "minInvestment": rules.to_units(100_00),
        "maxInvestment": rules.to_units(GOAL),
        "deadline": connection.node().head().timestamp + 30 * 86_400,
        "thresholdBps": 7500,
        "granularity": rules.UNITS_PER_MINOR,
        "termsHash": rules.intent_bytes32("terms"),
        "tranches": rules.tranches_bytes32(shares),
    }


def create(name, *, shares):
    """Register a company, create its campaign and return the address."""
    register_issuer(name)
    settle()
    _write(f"create:{name}", "CampaignFactory", "createCampaign", terms_of(name, shares=shares))
    settle()
    factory = queries.address_of("CampaignFactory")
    campaign_id = rules.intent_bytes32(f"campaign:{name}")
    return connection.node().call("CampaignFactory", factory, "campaignOf", campaign_id)


def _invest_tokens(node, address, intent, minor):
    token, units = queries.address_of("PaymentToken"), rules.to_units(minor)
    node.rpc("anvil_setBalance", BUYER, hex(10**19))
    node.rpc("anvil_impersonateAccount", BUYER)
    for to, contract, function, args in (
        (token, "PaymentToken", "mint", (abi.to_checksum_address(BUYER), units)),
        (token, "PaymentToken", "approve", (address, units)),
        (address, "CampaignImplementation", "invest", (admitted(address, intent, BUYER, minor),)),
    ):
        data = abi.encode(contract, function, args)
        tx = {"from": BUYER, "to": to, "data": data, "gas": hex(900_000)}
        found = chain_node.Node(node.url).wait(node.rpc("eth_sendTransaction", tx))
        assert found.ok, function


def _database_file():
    return db.engine.url.database


def _copy(source, target):
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()
