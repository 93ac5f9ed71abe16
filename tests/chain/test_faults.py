"""Crashes, races, dead nodes and lost transactions: one effect, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crowdfund.chain import connection, deploy, planner, queries, rules, sender
from crowdfund.chain.models import Tx
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db

from .conftest import (
    LocalNode,
    campaign,
    free_port,
    look_after,
    record,
    register_issuer,
    settle,
    status_of,
    use_node,
)

WORKER = Path(__file__).with_name("drain_once.py")
ROOT = Path(__file__).parents[2]


def start_worker(*args, crash_at=""):
    current = config.settings()
    settings = {
        "environment": "test",
        "CROWDFUND_DATA_DIR": str(current.data_dir),
        "redis_url": "",
        "database_url": db.engine.url.render_as_string(hide_password=False),
        "chain_rpc_url": current.chain_rpc_url,
    }
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CROWDFUND_CRASH_AT": crash_at}
    return subprocess.Popen(
        [sys.executable, str(WORKER), json.dumps(settings), *args], env=env, cwd=ROOT
    )


def tx_rows():
    rows = db.session.execute(db.select(Tx.__table__).order_by(Tx.nonce, Tx.created_at)).all()
    db.session.remove()
    return rows


@pytest.mark.parametrize(
    "point", ["before-sign-commit", "after-sign", "after-broadcast", "before-index-commit"]
)
def test_a_worker_killed_at_any_step_leaves_exactly_one_effect(heard, later, point):
    address = campaign()
    heard.clear()
    record(address, 1)
    commit()
    db.session.remove()
    assert start_worker(crash_at=point).wait(60) == 137
    assert status_of("investment:1") != "confirmed"
    later(31)  # the lease of the dead worker runs out
    look_after()
    assert status_of("investment:1") == "confirmed"
    node = connection.node()
    assert node.call("CampaignImplementation", address, "fiatTotal") == rules.to_units(100_00)
    assert node.nonce(connection.address_of("recorder")) == 1
    assert len(tx_rows()) == 3  # registering, creating, recording
    assert [event for event, _ in heard] == ["chain.confirmed"]
    assert queries.nonce_problems() == []


def test_four_workers_on_one_signer_all_succeed_without_a_gap(heard):
    db.session.remove()
    workers = [start_worker(str(n)) for n in range(4)]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0, 0]
    look_after()
    assert {status_of(f"register:{w}-{n}") for w in range(4) for n in range(5)} == {"confirmed"}
    rows = tx_rows()
    assert [row.nonce for row in rows] == list(range(20))
    assert {row.status for row in rows} == {"confirmed"}
    assert connection.node().nonce(connection.address_of("operator")) == 20


@pytest.fixture
def own_node(tmp_path):
    """A node that remembers its chain when it is stopped."""
    state = ("--state", str(tmp_path / "state.json"))
    node = LocalNode(free_port(), ("--prune-history", *state), tmp_path).start()
    yield node
    node.stop()


def test_a_node_that_is_down_delays_and_loses_nothing(own_node, heard):
    address = campaign()
    own_node.stop()
    record(address, 1)
    register_issuer("later")
    commit()
    look_after()
    assert status_of("investment:1") == "queued"
    assert "refused" in queries.cursor().problem
    own_node.start()
    look_after()
    assert status_of("investment:1") == "confirmed"
    assert status_of("issuer:later:register") == "confirmed"
    assert queries.cursor().problem is None


def sign_only():
    """Do the first step alone: signed and committed, nothing sent."""
    sender.store_plan(planner.plan())
    commit()
    db.session.remove()


def test_a_node_that_dies_between_signing_and_sending_gets_the_same_bytes_later(
    own_node, heard, later
):
    register_issuer()
    sign_only()
    signed = tx_rows()[0].raw
    own_node.stop()
    look_after()
    assert status_of("issuer:acme:register") == "signed"
    own_node.start()
    later(5)
    look_after()
    assert status_of("issuer:acme:register") == "confirmed"
    assert [row.raw for row in tx_rows()] == [signed]


def test_a_wiped_chain_is_refused_in_words_and_nothing_is_sent(own_node, heard, app):
    own_node.stop()
    own_node.flags = ("--timestamp", "1700000000")
    own_node.start()
    register_issuer()
    look_after()
    assert status_of("issuer:acme:register") == "queued"
    assert "Nothing was sent" in queries.cursor().problem
    assert connection.node().nonce(connection.address_of("operator")) == 0
    for command in ("status", "deploy", "reconcile"):
        result = app.test_cli_runner().invoke(args=["chain", command])
        assert result.exit_code == 1
        assert "this database was made with" in result.output


def test_nothing_is_sent_to_an_address_without_code(own_node, heard):
    """The chain began in the same way but lost the contracts: a call there would "succeed"."""
    register_issuer()
    own_node.rpc("anvil_setCode", queries.address_of("IssuerRegistry"), "0x")
    settle()
    assert status_of("issuer:acme:register") == "queued"
    assert "no contract at" in queries.cursor().problem


def test_a_call_that_succeeded_in_nothing_is_not_taken_for_done(own_node, heard):
    """The contract vanished between the simulation and the block, as when a node loses blocks."""
    register_issuer()
    sign_only()
    registry = queries.address_of("IssuerRegistry")
    code = own_node.rpc("eth_getCode", registry, "latest")
    own_node.rpc("anvil_setCode", registry, "0x")
    settle()
    assert status_of("issuer:acme:register") == "queued"
    assert heard == []
    own_node.rpc("anvil_setCode", registry, code)
    look_after()
    assert status_of("issuer:acme:register") == "confirmed"
    assert [row.status for row in tx_rows()] == ["reverted", "confirmed"]
    assert queries.nonce_problems() == []


def test_records_follow_their_campaign_when_a_node_loses_both(own_node, heard):
    register_issuer("bakery")
    settle()
    before = own_node.rpc("evm_snapshot")
    address = campaign()
    record(address, 1)
    commit()
    settle()
    assert status_of("investment:1") == "confirmed"
    own_node.rpc("evm_revert", before)
    look_after()
    look_after()
    assert status_of("campaign:bakery:create") == "confirmed"
    assert status_of("investment:1") == "confirmed"
    node = connection.node()
    assert node.call("CampaignImplementation", address, "fiatTotal") == rules.to_units(100_00)


def test_an_empty_purse_is_told_and_the_write_waits_for_money(own_node, heard, later):
    operator = connection.address_of("operator")
    register_issuer()
    sign_only()
    own_node.rpc("anvil_setBalance", operator, "0x0")
    settle()
    assert status_of("issuer:acme:register") == "signed"
    assert "nsufficient funds" in queries.cursor().problem
    own_node.rpc("anvil_setBalance", operator, hex(10**20))
    later(5)
    look_after()
    assert status_of("issuer:acme:register") == "confirmed"
    assert queries.cursor().problem is None


def test_a_transaction_that_the_node_forgot_is_sent_again(own_node, heard, later):
    own_node.rpc("evm_setAutomine", False)
    register_issuer()
    settle()
    assert status_of("issuer:acme:register") == "broadcast"
    own_node.rpc("anvil_dropTransaction", tx_rows()[0].hash)
    own_node.rpc("evm_setAutomine", True)
    later(11)
    look_after()
    assert status_of("issuer:acme:register") == "confirmed"
    assert len(tx_rows()) == 1


def test_a_chain_without_base_fee_gets_legacy_transactions(app, tmp_path):
    node = LocalNode(free_port(), ("--hardfork", "berlin"), tmp_path).start()
    try:
        use_node(node)
        deploy.run(lambda _line: None, commit)
        register_issuer()
        settle()
        assert status_of("issuer:acme:register") == "confirmed"
        assert tx_rows()[0].fee_tip is None
    finally:
        node.stop()


def test_deploying_again_changes_nothing(deployed, app):
    node = connection.node()
    before = node.nonce(connection.address_of("admin"))
    result = app.test_cli_runner().invoke(args=["chain", "deploy"])
    assert result.exit_code == 0, result.output
    assert node.nonce(connection.address_of("admin")) == before
    assert all(address in result.output for address in deployed.values())
    assert deploy.compare(node) == []


def test_status_and_reconcile_are_content_when_all_is_done(heard, app):
    register_issuer()
    commit()
    db.session.remove()
    result = app.test_cli_runner().invoke(args=["chain", "reconcile"])
    assert result.exit_code == 0, result.output
    assert status_of("issuer:acme:register") == "confirmed"
    result = app.test_cli_runner().invoke(args=["chain", "status"])
    assert result.exit_code == 0, result.output
    assert "confirmed 1" in result.output
    assert outbox.drain("chain") == 0


def test_no_node_is_an_exit_code_and_a_sentence(app):
    config.use(config.settings().model_copy(update={"chain_rpc_url": "http://127.0.0.1:1"}))
    result = app.test_cli_runner().invoke(args=["chain", "status"])
    assert result.exit_code == 1
    assert "does not answer" in result.output
