"""Reading the chain back: reorganisations, confirmations, what others do."""

import pytest

from crowdfund.adapters.chain import abi, answers, signing
from crowdfund.chain import connection, queries, rules
from crowdfund.chain.models import Event
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db

from .conftest import admitted, campaign, look_after, record, settle, status_of, use_node, wallet


def fiat_total(address):
    return connection.node().call("CampaignImplementation", address, "fiatTotal")


def events_of(name):
    rows = db.session.execute(db.select(Event.__table__).where(Event.event == name)).all()
    db.session.remove()
    return rows


@pytest.mark.parametrize("depth", [1, 3, 12, 64])
def test_a_reorganisation_before_the_confirmations_is_walked_back_and_healed(
    own_node, heard, depth
):
    address = campaign()
    heard.clear()
    own_node.mine(70)
    look_after()
    use_node(own_node, chain_confirmations=70)
    record(address, 1)
    commit()
    settle()
    own_node.mine(depth - 1) if depth > 1 else None
    look_after()
    assert status_of("investment:1") == "mined"
    assert heard == []
    own_node.rpc("anvil_reorg", depth + 1, [])
    assert fiat_total(address) == 0
    look_after()
    assert status_of("investment:1") in ("broadcast", "mined")
    look_after()
    assert fiat_total(address) == rules.to_units(100_00)
    own_node.mine(70)
    look_after()
    assert status_of("investment:1") == "confirmed"
    assert [event for event, _ in heard] == ["chain.confirmed"]
    assert [row.status for row in events_of("InvestmentRecorded")] == ["applied"]
    assert len(queries.transactions(queries.write("investment:1").id)) == 1


@pytest.mark.parametrize("depth", [1, 3, 12])
def test_a_reorganisation_deeper_than_the_confirmations_is_healed_and_told_once(
    own_node, heard, depth
):
    address = campaign()
    heard.clear()
    own_node.mine(20)
    record(address, 1)
    commit()
    settle()
    own_node.mine(depth - 1) if depth > 1 else None
    look_after()
    assert status_of("investment:1") == "confirmed"
    own_node.rpc("anvil_reorg", depth, [])
    assert fiat_total(address) == 0
    look_after()
    look_after()
    assert fiat_total(address) == rules.to_units(100_00)
    assert status_of("investment:1") == "confirmed"
    assert [event for event, _ in heard] == ["chain.confirmed"]
    steps = [event.to_status for event in queries.history(queries.write("investment:1").id)]
    assert steps.count("confirmed") == 2
    assert queries.nonce_problems() == []


def test_a_chain_that_became_shorter_is_followed(own_node, heard):
    address = campaign()
    own_node.mine(5)
    look_after()
    before = queries.cursor().number
    own_node.rpc("anvil_rollback", 3)
    look_after()
    assert queries.cursor().number == before - 3
    record(address, 1)
    commit()
    settle()
    assert status_of("investment:1") == "confirmed"


def test_nothing_is_final_before_its_confirmations(own_node, heard):
    address = campaign()
    heard.clear()
    use_node(own_node, chain_confirmations=3, environment="production", secret_key="x" * 40)
    record(address, 1)
    commit()
    settle()
    look_after()
    assert status_of("investment:1") == "mined"
    own_node.mine(1)
    look_after()
    assert (status_of("investment:1"), heard) == ("mined", [])
    own_node.mine(1)
    look_after()
    assert status_of("investment:1") == "confirmed"


def test_a_development_node_gets_the_blocks_that_confirmations_wait_for(own_node, heard):
    address = campaign()
    use_node(own_node, chain_confirmations=3)
    record(address, 1)
    commit()
    settle()
    assert status_of("investment:1") == "mined"
    for _ in range(3):
        look_after()
    assert status_of("investment:1") == "confirmed"


def invest_from_a_wallet(address, minor):
    """Mint, approve and invest with keys that the platform does not hold."""
    node = connection.node()
    token = queries.address_of("PaymentToken")
    buyer = abi.to_checksum_address(node.rpc("eth_accounts")[3])
    amount = rules.to_units(minor)
    admin = connection.key_of("admin")
    data = abi.encode("PaymentToken", "mint", [buyer, amount])
    nonce = node.nonce(connection.address_of("admin"))
    call = signing.Call(token, data, 200_000)
    minted = signing.sign(admin, call, chain_id=31337, nonce=nonce, fees=node.fees())
    assert node.send_raw(minted.raw).sent == answers.Sent.ACCEPTED
    approve = abi.encode("PaymentToken", "approve", [address, amount])
    node.wait(minted.hash)
    node.wait(node.rpc("eth_sendTransaction", {"from": buyer, "to": token, "data": approve}))
    intent = rules.intent_bytes32("wallet-1")
    leave = admitted(address, "wallet-1", buyer, minor)
    invest = abi.encode("CampaignImplementation", "invest", [leave])
    tx = node.rpc(
        "eth_sendTransaction", {"from": buyer, "to": address, "data": invest, "gas": hex(500_000)}
    )
    node.wait(tx)
    return buyer, intent, tx


def test_an_investment_from_a_browser_wallet_is_told_by_its_event(own_node, heard):
    address = campaign()
    heard.clear()
    buyer, intent, tx = invest_from_a_wallet(address, 500_00)
    look_after()
    look_after()
    told = [p for event, p in heard if event == "chain.event" and p["event"] == "Invested"]
    assert len(told) == 1
    assert told[0]["address"] == address
    assert told[0]["tx_hash"] == tx
    assert told[0]["args"]["intentId"] == intent
    assert told[0]["args"]["investor"] == buyer
    assert told[0]["args"]["amount"] == rules.to_units(500_00)


def test_logs_of_contracts_that_are_not_watched_are_nobodys(own_node, heard):
    before = len(events_of("Approval"))
    node = connection.node()
    account = node.rpc("eth_accounts")[2]
    admin = abi.to_checksum_address(account)
    data = abi.encode_deploy("PaymentToken", [admin])
    node.wait(
        node.rpc("eth_sendTransaction", {"from": account, "data": data, "gas": hex(3_000_000)})
    )
    other = signing.create_address(admin, 0)
    approve = abi.encode("PaymentToken", "approve", [wallet("x"), 1])
    node.wait(node.rpc("eth_sendTransaction", {"from": account, "to": other, "data": approve}))
    look_after()
    assert node.code_hash(other) is not None
    assert len(events_of("Approval")) == before


def test_many_blocks_are_read_in_rounds(own_node, heard):
    own_node.mine(250)
    look_after()
    cursor = queries.cursor()
    assert cursor.number == cursor.head == connection.node().head().number
    assert config.settings().chain_confirmations == 1
