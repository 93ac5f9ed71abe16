"""What nodes and providers answer: refusals told apart, and errors that are no reverts."""

import pytest

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain import node as chain_node
from crowdfund.adapters.chain.answers import NodeError, Reverted, TooMuchGas, classify, refusal
from crowdfund.chain import queries
from crowdfund.kernel.db import commit

from .conftest import campaign, look_after, record, register_issuer, settle, status_of, use_node
from .proxy import in_front_of

NO_ROOM = "0x08c379a0" + abi.abi_encode(["string"], ["no room"]).hex()
UNKNOWN = "0xdeadbeef" + "00" * 32
RATE_LIMIT = {
    "code": -32005,
    "message": "daily request count exceeded",
    "data": {"rate": {"allowed": 1}},
}


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("already known", "known"),
        ("transaction already imported", "known"),
        ("nonce too low: next nonce 5, tx nonce 4", "nonce_too_low"),
        ("replacement transaction underpriced", "replacement_underpriced"),
        (
            "Replacement transaction underpriced. A gasPrice of at least 2 is necessary",
            "replacement_underpriced",
        ),
        ("could not replace existing tx", "replacement_underpriced"),
        ("max fee per gas less than block base fee", "below_base_fee"),
        ("max fee per gas less than block base fee: address 0x1", "below_base_fee"),
        ("fee cap too low", "below_base_fee"),
        ("Gas price below current base fee", "below_base_fee"),
        ("transaction underpriced", "underpriced"),
        ("transaction underpriced: tip needed 1000000000, tip permitted 1", "underpriced"),
        ("FeeTooLow, MaxFeePerGas too low", "underpriced"),
        ("Gas price below configured minimum gas price", "underpriced"),
        ("insufficient funds for gas * price + value", "no_funds"),
        ("Too Many Requests", "unknown"),
        ("invalid sender", "refused"),
        ("tx fee (1.20 ether) exceeds the configured cap (1.00 ether)", "refused"),
    ],
)
def test_refusals_of_several_nodes_are_told_apart(message, sent):
    assert classify(message).sent == sent


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"code": 3, "message": "execution reverted", "data": NO_ROOM}, "no room"),
        ({"code": 3, "message": "execution reverted", "data": UNKNOWN}, "reverted with 0xdeadbeef"),
        ({"code": 3, "message": "execution reverted: no reason"}, "execution reverted: no reason"),
        ({"code": -32000, "message": "VM Exception", "data": NO_ROOM}, "no room"),
        ({"code": -32603, "message": "Error", "data": {"data": NO_ROOM}}, "no room"),
    ],
)
def test_a_revert_is_code_3_or_data_that_decodes(error, text):
    found = refusal(error)
    assert isinstance(found, Reverted)
    assert found.text.startswith(text)


@pytest.mark.parametrize(
    "error",
    [
        RATE_LIMIT,
        {"code": -32000, "message": "execution reverted by proxy policy"},
        {"code": -32000, "message": "header not found", "data": "0x" + "ab" * 32},
        {"code": -32000, "message": "bad gateway", "data": "<html>reverted</html>"},
        {"code": -32000, "message": "odd", "data": "0x08c379a0zz"},
        {"code": -32000, "message": "odd", "data": UNKNOWN},
        {"message": "limit"},
        "slow down",
    ],
)
def test_whatever_else_a_provider_says_is_no_revert(error):
    assert type(refusal(error)) is NodeError


@pytest.mark.parametrize(
    "message",
    [
        "gas required exceeds allowance (30000000)",
        "Out of gas: gas required exceeds allowance: 30000000",
        "intrinsic gas too high -- tx.gas_limit > env.cfg.tx_gas_limit_cap",
        "exceeds block gas limit",
    ],
)
def test_a_call_that_is_too_large_is_told_from_other_errors(message):
    assert isinstance(refusal({"code": -32000, "message": message}), TooMuchGas)


@pytest.fixture
def proxy(own_node, heard):
    """The deployed chain behind a provider whose answers a test changes."""
    with in_front_of(own_node.url) as found:
        found.anvil = own_node
        use_node(found)
        yield found
        use_node(own_node)


@pytest.mark.parametrize(
    "method",
    [
        "eth_estimateGas",
        "eth_sendRawTransaction",
        "eth_getTransactionReceipt",
        "eth_getLogs",
        "eth_getBlockByNumber",
        "eth_getCode",
        "eth_chainId",
        "eth_gasPrice",
    ],
)
def test_a_rate_limit_delays_a_write_and_never_fails_it(proxy, later, method):
    proxy.answers[method] = lambda _params: {"error": RATE_LIMIT}
    register_issuer()
    settle()
    look_after()
    assert proxy.seen.count(method) > 0
    assert status_of("issuer:acme:register") in ("queued", "signed", "broadcast")
    assert "daily request count exceeded" in queries.cursor().problem
    proxy.answers.clear()
    later(11)
    look_after()
    assert status_of("issuer:acme:register") == "confirmed"
    assert len(queries.transactions(queries.write("issuer:acme:register").id)) == 1


def test_http_429_is_an_absent_node_and_its_address_stays_secret(proxy, later):
    register_issuer()
    proxy.status = 429
    settle()
    assert status_of("issuer:acme:register") == "queued"
    assert queries.cursor().problem == "HTTP 429 Too Many Requests"
    proxy.status = 200
    look_after()
    assert status_of("issuer:acme:register") == "confirmed"


def test_an_error_about_one_call_of_a_batch_keeps_only_that_call_waiting(proxy):
    address = campaign()
    proxy.answers["eth_estimateGas"] = lambda params: (
        {"error": RATE_LIMIT} if params[0]["to"] == address else None
    )
    record(address, 1)
    register_issuer("other")
    settle()
    assert status_of("issuer:other:register") == "confirmed"
    assert status_of("investment:1") == "queued"
    proxy.answers.clear()
    look_after()
    assert status_of("investment:1") == "confirmed"


def test_a_batch_that_lacks_answers_is_an_error(proxy):
    node = chain_node.Node(proxy.url)
    proxy.answer = lambda _body: "[]"
    with pytest.raises(NodeError, match="0 of 2 calls"):
        node.blocks([0, 1])


def test_a_batch_is_made_smaller_until_a_transaction_can_hold_it(proxy):
    """Estimates as if each row cost 100,000 gas: 139 rows with the margin are below the cap."""
    address = campaign()

    def estimate(params):
        rows = (len(params[0]["data"]) - 10) // 64 // 3
        return {"result": hex(100_000 * rows)} if params[0]["to"] == address else None

    proxy.answers["eth_estimateGas"] = estimate
    for number in range(200):
        record(address, number)
    commit()
    settle()
    look_after()
    rows = [queries.write(f"investment:{n}") for n in range(200)]
    assert {row.status for row in rows} == {"confirmed"}
    used = {tx.gas for row in rows for tx in queries.transactions(row.id)}
    assert len({row.tx_hash for row in rows}) == 2
    assert max(used) <= 16_777_216


def test_one_call_that_no_transaction_can_hold_is_refused_in_words(proxy):
    proxy.answers["eth_estimateGas"] = lambda _params: {"result": hex(16_777_217)}
    register_issuer()
    settle()
    assert queries.write("issuer:acme:register").last_error == (
        "needs more than 16,777,216 gas, the most that one transaction may have"
    )


def test_one_call_just_below_the_cap_is_sent_without_its_margin(proxy):
    proxy.answers["eth_estimateGas"] = lambda _params: {"result": hex(16_777_216)}
    row = register_issuer()
    settle()
    assert status_of("issuer:acme:register") == "confirmed"
    assert [tx.gas for tx in queries.transactions(row.id)] == [16_777_216]
