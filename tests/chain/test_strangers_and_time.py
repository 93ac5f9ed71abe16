"""What people outside the platform do on chain, and deadlines on a node that mines on demand."""

import pytest
from eth_account import Account

from crowdfund.adapters import admission
from crowdfund.adapters.chain import abi, answers
from crowdfund.adapters.chain import node as chain_node
from crowdfund.chain import connection, queries, rules, service
from crowdfund.kernel.db import commit

from .conftest import admitted, campaign, record, settle, status_of

DAY_S = 86_400
STRANGER = "0x" + "5a" * 20


@pytest.fixture
def own_node(own_node):
    """A node whose clock a test may move."""
    own_node.rpc("anvil_setBalance", STRANGER, hex(10**18))
    own_node.rpc("anvil_impersonateAccount", STRANGER)
    return own_node


def stranger_calls(node, address, contract, function, *args):
    data = abi.encode(contract, function, args)
    tx = {"from": STRANGER, "to": address, "data": data, "gas": hex(500_000)}
    assert chain_node.Node(node.url).wait(node.rpc("eth_sendTransaction", tx)).ok


def give_tokens(node, units):
    """Let the token's admin mint for the stranger."""
    token, admin = queries.address_of("PaymentToken"), connection.address_of("admin")
    node.rpc("anvil_impersonateAccount", admin)
    role = connection.node().call("PaymentToken", token, "MINTER_ROLE")
    for function, args in (("grantRole", (role, admin)), ("mint", (STRANGER, units))):
        data = abi.encode("PaymentToken", function, args)
        node.rpc(
            "eth_sendTransaction", {"from": admin, "to": token, "data": data, "gas": hex(200_000)}
        )
    return token


def ask_to_close(address, intent="campaign:bakery:close"):
    args = [rules.intent_bytes32(intent)]
    subject = ("campaign", "bakery")
    service.write(intent, "CampaignImplementation", "close", args, subject=subject, address=address)
    commit()
    settle()


def test_a_stranger_cannot_invest_and_takes_no_room(own_node, heard):
    address, units = campaign(), rules.to_units(100_00)
    token = give_tokens(own_node, units)
    stranger_calls(own_node, token, "PaymentToken", "approve", address, units)
    stolen = admitted(address, "investment:1", "0x" + "6b" * 20, 100_00)
    for leave in ([rules.intent_bytes32("s"), units, 2**40, 0, "0x"], stolen):
        data = abi.encode("CampaignImplementation", "invest", [leave])
        with pytest.raises(answers.Reverted, match="NotAdmitted"):
            connection.node().estimate(abi.to_checksum_address(STRANGER), address, data)
        tx = {"from": STRANGER, "to": address, "data": data, "gas": hex(500_000)}
        assert not chain_node.Node(own_node.url).wait(own_node.rpc("eth_sendTransaction", tx)).ok
    assert connection.node().call("CampaignImplementation", address, "total") == 0


def test_an_admission_equals_what_an_ethereum_library_signs(deployed):
    leave = admission.Leave(rules.intent_bytes32("i"), abi.to_checksum_address(STRANGER), 7, 9, 3)
    types = {
        "Admission": [
            {"name": n, "type": t}
            for n, t in (
                ("intentId", "bytes32"),
                ("investor", "address"),
                ("amount", "uint256"),
                ("validUntil", "uint256"),
                ("already", "uint256"),
            )
        ]
    }
    domain = {
        "name": "crowdfund campaign",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": deployed["CampaignFactory"],
    }
    values = {
        "intentId": bytes.fromhex(leave.intent[2:]),
        "investor": leave.investor,
        "amount": 7,
        "validUntil": 9,
        "already": 3,
    }
    key = connection.key_of("operator")
    theirs = Account.sign_typed_data(key, domain, types, values)
    ours = admission.sign(leave, campaign=deployed["CampaignFactory"], chain_id=31337, key=key)
    assert ours == [leave.intent, 7, 9, 3, "0x" + bytes(theirs.signature).hex()]


def test_an_admitted_investment_that_shares_a_payments_reference_changes_nothing(own_node, heard):
    address, units = campaign(), rules.to_units(100_00)
    token = give_tokens(own_node, units)
    investor = abi.to_checksum_address(STRANGER)
    stranger_calls(own_node, token, "PaymentToken", "approve", address, units)
    leave = admitted(address, "investment:1", investor, 100_00)
    stranger_calls(own_node, address, "CampaignImplementation", "invest", leave)
    record(address, 1)
    commit()
    settle()
    assert status_of("investment:1") == "confirmed"
    node = connection.node()
    assert node.call("CampaignImplementation", address, "fiatTotal") == units
    assert node.call("CampaignImplementation", address, "tokenTotal") == units
    assert queries.nonce_problems() == []


def test_a_campaign_closes_right_after_its_deadline_though_no_block_was_mined_since(
    own_node, heard
):
    address = campaign()
    before = connection.node().head().number
    own_node.rpc("evm_increaseTime", 30 * DAY_S + 1)
    assert connection.node().head().number == before
    ask_to_close(address)
    assert queries.write("campaign:bakery:close").last_error is None
    assert status_of("campaign:bakery:close") == "confirmed"
    assert connection.node().head().number == before + 1


def test_a_payment_after_the_grace_is_refused_though_no_block_was_mined_since(own_node, heard):
    address = campaign()
    own_node.rpc("evm_setTime", connection.node().head().timestamp + 45 * DAY_S)
    record(address, 1)
    commit()
    settle()
    assert queries.write("investment:1").last_error.startswith("DeadlinePassed")


def test_a_campaign_that_a_stranger_closed_counts_as_closed(own_node, heard):
    address = campaign()
    own_node.rpc("evm_increaseTime", 45 * DAY_S)
    release = rules.intent_bytes32("campaign:bakery:release")
    stranger_calls(own_node, address, "CampaignImplementation", "close", release)
    assert connection.node().call("CampaignImplementation", address, "intentUsed", release) is False
    ask_to_close(address)
    ask_to_close(address, "campaign:bakery:close:2")
    assert status_of("campaign:bakery:close:2") == "confirmed"
    told = [payload for event, payload in heard if event == "chain.confirmed"][-1]
    assert [e["args"]["succeeded"] for e in told["events"] if e["event"] == "Closed"] == [False]
    assert queries.nonce_problems() == []
