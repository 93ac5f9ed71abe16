"""Providers as they are: nodes behind, small batches, answers that are no JSON-RPC."""

import json

import pytest

from crowdfund.adapters.chain import node as chain_node
from crowdfund.adapters.chain.answers import NodeError, Sent, is_about_size
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.values import Read
from crowdfund.chain import planner, queries, rules, sender
from crowdfund.chain.models import Event
from crowdfund.kernel.db import commit, db

from .conftest import campaign, look_after, record, register_issuer, settle, status_of, use_node
from .proxy import in_front_of

INTENT = "issuer:acme:register"
UNKNOWN_BLOCK = {"error": {"code": -32000, "message": "unknown block"}}


@pytest.fixture
def proxy(own_node, heard):
    """The deployed chain behind a provider that says it is Geth."""
    with in_front_of(own_node.url) as found:
        found.anvil = own_node
        found.answers["web3_clientVersion"] = lambda _params: {"result": "Geth/v1.16.5"}
        use_node(found)
        yield found
        use_node(own_node)


def fall_behind(proxy, blocks):
    """Answer as a node that lacks the newest blocks."""
    head = int(proxy.anvil.rpc("eth_blockNumber"), 16) - blocks

    def block(params):
        if params[0] == "latest":
            return {"result": proxy.anvil.rpc("eth_getBlockByNumber", hex(head), params[1])}
        return {"result": None} if int(params[0], 16) > head else None

    def logs(params):
        if "blockHash" in params[0]:
            found = proxy.anvil.rpc("eth_getBlockByHash", params[0]["blockHash"], False)
            return UNKNOWN_BLOCK if int(found["number"], 16) > head else None
        if int(params[0]["fromBlock"], 16) > head:
            return {"result": []}
        cut = min(int(params[0]["toBlock"], 16), head)
        return {"result": proxy.anvil.rpc("eth_getLogs", {**params[0], "toBlock": hex(cut)})}

    def receipt(params):
        found = proxy.anvil.rpc("eth_getTransactionReceipt", params[0])
        is_later = found is not None and int(found["blockNumber"], 16) > head
        return {"result": None} if is_later else None

    own = {"eth_getBlockByNumber": block, "eth_getLogs": logs, "eth_getTransactionReceipt": receipt}
    proxy.answers |= own
    return own


def catch_up(proxy, own):
    for method in own:
        del proxy.answers[method]


def applied():
    found = sorted(db.session.scalars(db.select(Event.status)))
    db.session.remove()
    return found


# --- a node that is behind ------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [1, 3, 20])
def test_a_node_that_is_behind_undoes_nothing_and_refuses_nothing(proxy, later, blocks):
    address = campaign()
    proxy.anvil.mine(20)
    record(address, 1)
    commit()
    settle()
    before, events = queries.cursor(), applied()
    own = fall_behind(proxy, blocks)
    record(address, 2)
    later(30)
    look_after()
    assert queries.cursor().number == before.number
    shown = queries.cursor().read_problem
    if blocks == 20:  # a few are usual, and the reader's missing heartbeat tells if it stays so
        assert f"behind: blocks were read up to {before.number}" in shown
    else:
        assert shown is None
    assert f"behind block {before.number}" in queries.cursor().problem
    assert status_of("investment:1") == "confirmed"
    assert status_of("investment:2") == "queued"
    assert applied() == events
    catch_up(proxy, own)
    look_after()
    assert status_of("investment:2") == "confirmed"
    assert (queries.cursor().problem, queries.cursor().read_problem) == (None, None)


def test_a_node_that_begins_anew_is_behind_and_not_another_chain(proxy):
    """Its newest block is older than all whose hashes were stored."""
    campaign()
    before = queries.cursor().number
    own = fall_behind(proxy, before)
    look_after()
    assert "it has none of the stored ones" in queries.cursor().read_problem
    assert queries.cursor().number == before
    catch_up(proxy, own)
    look_after()
    assert queries.cursor().read_problem is None


def test_events_of_a_block_that_one_node_of_a_provider_lacks_are_read_later_and_not_lost(proxy):
    address = campaign()
    proxy.answers["eth_getLogs"] = lambda params: (
        UNKNOWN_BLOCK if "blockHash" in params[0] else {"result": []}
    )
    row = record(address, 1)
    commit()
    settle()
    look_after()
    assert status_of("investment:1") == "broadcast"
    proxy.answers.pop("eth_getLogs")
    look_after()
    assert status_of("investment:1") == "confirmed"
    assert len(queries.transactions(row.id)) == 1


@pytest.mark.parametrize("depth", [1, 4])
def test_a_real_fork_is_still_walked_back_and_healed(proxy, depth):
    address = campaign()
    proxy.anvil.mine(20)
    record(address, 1)
    commit()
    settle()
    proxy.anvil.mine(depth - 1) if depth > 1 else None
    look_after()
    proxy.anvil.rpc("anvil_reorg", depth, [])
    look_after()
    look_after()
    assert status_of("investment:1") == "confirmed"
    node = chain_node.Node(proxy.url)
    total = node.call("CampaignImplementation", address, "fiatTotal")
    assert total == rules.to_units(100_00)
    assert queries.cursor().read_problem is None


def test_a_shorter_chain_with_another_block_is_a_fork(proxy):
    campaign()
    proxy.anvil.mine(5)
    look_after()
    before = queries.cursor().number
    proxy.anvil.rpc("anvil_rollback", 3)
    look_after()
    assert queries.cursor().number == before  # it may only be behind
    proxy.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(7 * 10**9))
    proxy.anvil.mine()
    look_after()
    assert queries.cursor().number == before - 2
    assert queries.cursor().read_problem is None


def test_a_nonce_that_is_too_low_for_a_transaction_that_a_late_node_lacks_is_no_foreign_use(proxy):
    """Our own first sending arrived; the answer was lost, and the second goes to another node."""
    register_issuer()
    sender.store_plan(planner.plan())
    commit()
    db.session.remove()

    def late(params):
        proxy.anvil.rpc("eth_sendRawTransaction", params[0])
        return {"error": {"code": -32000, "message": "nonce too low"}}

    proxy.answers["eth_sendRawTransaction"] = late
    proxy.answers["eth_getTransactionByHash"] = lambda _params: {"result": None}
    settle()
    assert status_of(INTENT) != "queued"
    look_after()
    assert status_of(INTENT) == "confirmed"
    assert [one.alert for one in queries.signers()] == [None] * len(queries.signers())
    assert len(queries.transactions(queries.write(INTENT).id)) == 1


# --- batches --------------------------------------------------------------------------------------

ONE = '{"jsonrpc":"2.0","id":null,"error":{"code":%d,"message":"%s"}}'


@pytest.mark.parametrize(
    "too_large",
    [
        (413, "Request Entity Too Large"),
        (400, "Bad Request"),
        (200, ONE % (-32600, "batch too large")),
        (200, ONE % (-32005, "maximum batch size is 10")),
        (200, ONE % (-32600, "Invalid Request")),
        (200, "[" + ONE % (-32000, "too many requests in one batch") + "]"),
        (200, json.dumps([json.loads(ONE % (-32003, "response too large"))] * 40)),
    ],
)
@pytest.mark.parametrize("most", [1, 10])
def test_batches_become_as_small_as_a_provider_takes_them_and_stay_so(proxy, too_large, most):
    proxy.anvil.mine(40)
    proxy.most, proxy.too_large = most, too_large
    node = chain_node.Node(proxy.url)
    head = node.head().number
    assert [block.number for block in node.blocks(range(head - 39, head + 1))] == [
        *range(head - 39, head + 1)
    ]
    proxy.sizes.clear()
    node.blocks(range(head - 39, head + 1))
    assert max(proxy.sizes) <= most
    assert len(proxy.sizes) <= (40 if most == 1 else 8)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((429, "slow down"), NodeUnreachable),
        ((503, "away"), NodeUnreachable),
        ((200, ONE % (-32005, "daily request count exceeded")), NodeError),
        ((200, ONE % (429, "compute units per second exceeded")), NodeError),
        ((200, ONE % (-32603, "internal error")), NodeError),
    ],
)
def test_no_other_fault_makes_batches_smaller(proxy, answer, error):
    node = chain_node.Node(proxy.url)
    proxy.most, proxy.too_large = 1, answer
    with pytest.raises(error):
        node.blocks(range(3))
    assert proxy.sizes == [3]
    proxy.most = 1_000
    assert len(node.blocks(range(3))) == 3
    assert proxy.sizes == [3, 3]


def test_one_call_that_is_too_large_makes_no_later_batch_smaller(proxy):
    node = chain_node.Node(proxy.url)
    proxy.answers["eth_getBlockByNumber"] = lambda params: (
        {"error": {"code": -32003, "message": "response too large"}} if params[0] == "0x1" else None
    )
    with pytest.raises(NodeError, match="response too large"):
        node.blocks(range(4))
    proxy.answers.pop("eth_getBlockByNumber")
    proxy.sizes.clear()
    node.blocks(range(4))
    assert proxy.sizes == [4]


def test_the_size_of_a_batch_is_no_revert_and_a_revert_is_not_about_size():
    assert not is_about_size({"code": 3, "message": "execution reverted: batch too large"})
    assert is_about_size({"code": -32000, "message": "Batch size is too large"})
    assert not is_about_size({"code": -32600, "message": "Invalid Request"})


def test_writes_go_through_a_provider_that_takes_no_batch(proxy):
    proxy.most, proxy.too_large = 1, (405, "")
    address = campaign()
    for number in range(3):
        record(address, number)
    commit()
    settle()
    assert {status_of(f"investment:{number}") for number in range(3)} == {"confirmed"}


# --- answers that are none ------------------------------------------------------------------------

ODD = ["0xzz", "zz", 7, None, {}, [], "<html>reverted</html>", ["0x"], [{}], {"number": "0x1"}]
READS = {
    "eth_chainId": lambda node: node.chain_id(),
    "eth_getBalance": lambda node: node.balance("0x" + "1" * 40),
    "eth_getTransactionCount": lambda node: node.nonce("0x" + "1" * 40),
    "eth_getCode": lambda node: node.code_hash("0x" + "1" * 40),
    "eth_estimateGas": lambda node: node.estimate("0x" + "1" * 40, "0x" + "2" * 40, "0x"),
    "eth_call": lambda node: node.call_raw("0x" + "1" * 40, "0x"),
    "eth_getBlockByNumber": lambda node: (node.head(), node.blocks([0]), node.market()),
    "eth_getLogs": lambda node: node.logs(0, 1, ["0x" + "1" * 40]),
    "eth_getTransactionReceipt": lambda node: node.receipts(["0x" + "1" * 64]),
    "eth_maxPriorityFeePerGas": lambda node: node.market(),
}


@pytest.mark.parametrize("method", READS)
def test_an_answer_that_cannot_be_read_is_an_error_of_the_node(proxy, method):
    node = chain_node.Node(proxy.url)
    refused = 0
    for odd in ODD:
        proxy.answers[method] = lambda _params, odd=odd: {"result": odd}
        try:
            READS[method](node)
        except NodeError:
            refused += 1
    assert refused >= 3


@pytest.mark.parametrize("odd", ["7", "null", '"text"', "[]", "[7]", '[{"id":"a"},{"id":1}]', "{}"])
def test_a_whole_answer_that_is_none_is_an_error_of_the_node(proxy, odd):
    node = chain_node.Node(proxy.url)
    proxy.answer = lambda _body: odd
    reads = [
        lambda: node.blocks([0, 1]),
        lambda: node.estimate_many([("0x" + "1" * 40, "0x" + "2" * 40, "0x")]),
        lambda: node.number("eth_chainId"),
        lambda: node.read_many([Read("PaymentToken", "0x" + "1" * 40, "decimals")] * 2),
    ]
    for read in reads:
        with pytest.raises(NodeError):
            read()
    assert node.send_raw("0x00").sent == Sent.UNKNOWN


def test_an_error_that_is_null_is_none(proxy):
    node = chain_node.Node(proxy.url)
    whole = proxy.answer

    def with_null(body):
        found = json.loads(whole(body))
        many = found if isinstance(found, list) else [found]
        for one in many:
            one.setdefault("error", None)
        return json.dumps(found)

    proxy.answer = with_null
    assert node.chain_id() == 31337
    assert len(node.blocks([0, 1])) == 2
    address = campaign()
    assert node.call("CampaignImplementation", address, "fiatTotal") == 0


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ({"error": {"code": 429, "message": "capacity exceeded"}}, Sent.UNKNOWN),
        ({"error": {"code": -32005, "message": "limit"}}, Sent.UNKNOWN),
        ({"result": None}, Sent.UNKNOWN),
        ({}, Sent.UNKNOWN),
        ({"result": "0x" + "1" * 64}, Sent.ACCEPTED),
        ({"error": None, "result": "0x" + "1" * 64}, Sent.ACCEPTED),
    ],
)
def test_a_transaction_is_sent_when_its_hash_comes_back(proxy, answer, sent):
    proxy.answers["eth_sendRawTransaction"] = lambda _params: answer
    assert chain_node.Node(proxy.url).send_raw("0x00").sent == sent


@pytest.mark.parametrize("result", ["0xzz", "out of money", None])
@pytest.mark.parametrize("method", ["eth_estimateGas", "eth_getLogs", "eth_getTransactionReceipt"])
def test_an_odd_answer_delays_a_write_and_never_fails_it(proxy, later, method, result):
    if (method, result) == ("eth_getTransactionReceipt", None):
        pytest.skip("the receipt of a transaction in no block")
    proxy.answers[method] = lambda _params: {"result": result}
    register_issuer()
    settle()
    look_after()
    assert status_of(INTENT) in ("queued", "signed", "broadcast")
    assert queries.cursor().problem
    proxy.answers.pop(method)
    later(11)
    look_after()
    assert status_of(INTENT) == "confirmed"
