"""The faults of the matrix: each asks for a cell's call, breaks something, and mends it again."""

import os
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from crowdfund.adapters.chain import answers, fees, signing, values
from crowdfund.adapters.chain import node as chain_node
from crowdfund.chain import connection, crash, planner, queries, rules, sender, service, watch
from crowdfund.kernel.db import commit, db

from .conftest import look_after, settle, use_node
from .proxy import in_front_of
from .test_fees import block_at, tx_rows
from .test_providers import catch_up, fall_behind


class Killed(BaseException):
    """The worker died here."""


@dataclass
class Cell:
    """One call under one fault."""

    call: object
    town: object
    node: object
    later: object
    monkeypatch: object

    @property
    def intents(self):
        return [f"{self.call.name}:{n}" for n in range(self.call.rows)]

    @property
    def role(self):
        return rules.signer_role(self.call.function)

    def read(self, function, *args):
        node = chain_node.Node(self.node.url)
        return node.call(self.call.contract, self.call.address(self.town), function, *args)

    def shown(self):
        return self.call.shows(self.read)

    def arguments(self, number):
        first = [rules.intent_bytes32(self.intents[number])] if self.call.has_intent else []
        return [*first, *self.call.args(number)]

    def ask(self):
        """Ask for the call as a feature would; nothing is signed yet."""
        for number, intent in enumerate(self.intents):
            service.write(
                intent,
                self.call.contract,
                self.call.function,
                self.arguments(number),
                subject=("cell", intent),
                address=self.call.address(self.town),
                batch=self.call.batch,
            )
        commit()
        db.session.remove()

    def sign_only(self):
        """Do the first step alone: signed and committed, nothing sent."""
        self.ask()
        sender.store_plan(planner.plan())
        commit()
        db.session.remove()

    def statuses(self):
        found = {queries.write(intent).status for intent in self.intents}
        db.session.remove()
        return found

    def own_tx(self):
        row = queries.write(self.intents[0])
        found = [
            tx for tx in tx_rows() if tx.nonce == self._nonce(row) and tx.signer == self.signer
        ]
        db.session.remove()
        return found

    @property
    def signer(self):
        return connection.address_of(self.role)

    def _nonce(self, row):
        return queries.transactions(row.id)[0].nonce

    @contextmanager
    def provider(self):
        """A provider in front of the node, whose answers the fault changes."""
        with in_front_of(self.node.url) as proxy:
            proxy.anvil = self.node
            proxy.answers["web3_clientVersion"] = lambda _params: {"result": "Geth/v1.16.5"}
            use_node(proxy)
            yield proxy
            use_node(self.node)


# --- the faults -----------------------------------------------------------------------------------


def timeout_after_accept(cell):
    """The node took the transaction, and its answer was lost."""
    with cell.provider() as proxy:

        def lose(params):
            cell.node.rpc("eth_sendRawTransaction", *params)
            return {}

        proxy.answers["eth_sendRawTransaction"] = lose
        cell.ask()
        settle()
        assert "eth_sendRawTransaction" in proxy.seen
    cell.later(5)


def lagging_node(cell):
    """The provider answers from a node that lacks the newest blocks."""
    with cell.provider() as proxy:
        own = fall_behind(proxy, 3)
        cell.ask()
        cell.later(30)
        look_after()
        assert cell.statuses() == {"queued"}
        catch_up(proxy, own)
        look_after()


def small_batches(cell):
    """The provider takes one question at a time."""
    with cell.provider() as proxy:
        proxy.most, proxy.too_large = 1, (413, "")
        cell.ask()
        settle()
        look_after()
        assert max(proxy.sizes) > 1, "no batch was tried"


def stale_nonce(cell):
    """Somebody else has used the nonce between signing and sending."""
    cell.sign_only()
    node, key = connection.node(), connection.key_of(cell.role)
    nonce, price = node.nonce(cell.signer), fees.Fees(3 * 10**9, 10**9)
    call = signing.Call(values.ZERO, "0x", 21_000)
    signed = signing.sign(key, call, chain_id=31337, nonce=nonce, fees=price)
    assert node.send_raw(signed.raw).sent == answers.Sent.ACCEPTED
    assert node.wait(signed.hash).ok
    settle()
    look_after()
    assert queries.signer(cell.signer).alert
    db.session.remove()


def wrong_chain(cell):
    """The address of the node leads to another chain."""
    before = cell.node.rpc("eth_getTransactionCount", cell.signer, "pending")
    with cell.provider() as proxy:
        proxy.answers["eth_chainId"] = lambda _params: {"result": "0x1"}
        cell.ask()
        look_after()
        assert cell.statuses() == {"queued"}
        assert queries.cursor().problem
        db.session.remove()
    assert cell.node.rpc("eth_getTransactionCount", cell.signer, "pending") == before


def _stuck(cell):
    cell.node.rpc("evm_setAutomine", False)
    cell.ask()
    settle()
    assert cell.statuses() == {"broadcast"}
    block_at(cell.node, 50)
    cell.later(61)


def bumped_and_the_new_one_wins(cell):
    """A transaction that was too cheap is replaced; the node has seen both."""
    _stuck(cell)
    for _ in range(3):
        look_after()
    cell.node.mine()
    cell.node.rpc("evm_setAutomine", True)
    look_after()
    assert sorted(tx.status for tx in cell.own_tx()) == ["confirmed", "replaced"]


def bumped_and_the_old_one_wins(cell):
    """The replaced transaction gets into a block before its replacement is sent."""
    _stuck(cell)
    (old,) = cell.own_tx()
    with cell.provider() as proxy:
        proxy.answers["eth_getTransactionByHash"] = lambda params: {"result": {"hash": params[0]}}
        watch.act(watch.look())
        commit()
        db.session.remove()
    block_at(cell.node, 1)
    cell.node.rpc("eth_sendRawTransaction", old.raw)
    cell.node.mine()
    cell.node.rpc("evm_setAutomine", True)
    look_after()
    assert sorted(tx.status for tx in cell.own_tx()) == ["confirmed", "replaced"]


def killed(point):
    """The worker, or the reader, dies at a named point."""

    def fault(cell):
        def die(_code):
            raise Killed

        with cell.monkeypatch.context() as patched:
            patched.setenv(crash.ENV, point)
            patched.setattr(os, "_exit", die)
            cell.ask()
            with pytest.raises(Killed):
                settle()
        assert cell.statuses() != {"confirmed"}
        cell.later(31)  # the lease of the dead worker runs out

    return fault


def reorganised(depth):
    """The block of the effect and `depth` behind it are replaced by empty ones."""

    def fault(cell):
        use_node(cell.node, chain_confirmations=70)
        before = cell.shown()
        cell.ask()
        settle()
        if depth > 1:
            cell.node.mine(depth - 1)
        look_after()
        assert cell.statuses() == {"mined"}
        cell.node.rpc("anvil_reorg", depth + 1, [])
        assert cell.shown() == before, "the effect is still there: nothing was lost"
        look_after()
        look_after()
        cell.node.mine(70)
        look_after()

    return fault


def restarted_before_sending(cell):
    """The node ends between signing and sending."""
    cell.sign_only()
    cell.node.stop()
    look_after()
    assert cell.statuses() == {"signed"}
    cell.node.start()
    cell.later(5)


def restarted_before_reading(cell):
    """The node ends after its block, before the block was read."""
    cell.sign_only()
    sending = sender.send_signed()
    sender.store_sent(sending)
    commit()
    db.session.remove()
    chain_node.Node(cell.node.url).wait(sending.verdicts[0].tx.hash)
    cell.node.stop()
    look_after()
    cell.node.start()


FAULTS = {
    "timeout after accept": timeout_after_accept,
    "lagging node": lagging_node,
    "small batch limit": small_batches,
    "stale nonce": stale_nonce,
    "wrong chain id": wrong_chain,
    "bumped, the new one wins": bumped_and_the_new_one_wins,
    "bumped, the old one wins": bumped_and_the_old_one_wins,
    **{
        f"killed {point}": killed(point)
        for point in ("before-sign-commit", "after-sign", "after-broadcast", "before-index-commit")
    },
    **{f"reorganised {depth}": reorganised(depth) for depth in (1, 3, 12, 64)},
    "node restarted before sending": restarted_before_sending,
    "node restarted before reading": restarted_before_reading,
}
