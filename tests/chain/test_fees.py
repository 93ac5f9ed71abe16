"""Fees on a real node: a spike, a chain that stands still, the limit, and nodes that want more."""

import itertools
from decimal import Decimal

import pytest

from crowdfund.chain import connection, deploy, queries, watch
from crowdfund.chain.models import Tx
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from tests import raising

from .conftest import (
    LocalNode,
    free_port,
    look_after,
    register_issuer,
    settle,
    status_of,
    use_node,
)
from .proxy import in_front_of

GWEI = 10**9
INTENT = "issuer:acme:register"


def tx_rows():
    rows = db.session.execute(
        db.select(Tx.__table__).order_by(Tx.nonce, Tx.created_at, Tx.id)
    ).all()
    db.session.remove()
    return rows


def sent_but_not_mined(node):
    """A write whose transaction waits in the node, which makes no blocks by itself any more."""
    node.rpc("evm_setAutomine", False)
    row = register_issuer()
    settle()
    assert status_of(INTENT) == "broadcast"
    return row


def block_at(node, gwei):
    """Make a block with this base fee."""
    node.rpc("anvil_setNextBlockBaseFeePerGas", hex(int(gwei * GWEI)))
    node.mine()


def test_a_transaction_that_a_fee_spike_left_behind_is_replaced_at_the_new_price(
    own_node, heard, later
):
    sent_but_not_mined(own_node)
    block_at(own_node, 50)
    later(61)
    for _ in range(3):
        look_after()
    old, new = tx_rows()
    assert (old.status, new.status) == ("replaced", "broadcast")
    assert old.nonce == new.nonce
    assert new.fee_cap >= 50 * GWEI
    assert new.fee_cap * 1000 >= old.fee_cap * 1125
    assert new.fee_tip * 1000 >= old.fee_tip * 1125
    own_node.mine()
    look_after()
    assert queries.write(INTENT).tx_hash == new.hash
    assert status_of(INTENT) == "confirmed"
    assert [event for event, _ in heard] == ["chain.confirmed"]
    assert queries.nonce_problems() == []


def test_a_transaction_that_the_node_still_has_is_replaced_at_the_new_price(own_node, heard, later):
    """As on most nodes, which keep what costs too little; anvil drops it."""
    sent_but_not_mined(own_node)
    block_at(own_node, 50)
    with in_front_of(own_node.url) as proxy:
        use_node(proxy)
        proxy.answers["eth_getTransactionByHash"] = lambda params: {"result": {"hash": params[0]}}
        later(30)
        look_after()
        assert len(tx_rows()) == 1
        later(31)
        look_after()
        old, new = tx_rows()
        assert (old.status, new.status) == ("replaced", "broadcast")
        use_node(own_node)


def test_an_hour_without_blocks_raises_nothing(own_node, heard, later):
    row = sent_but_not_mined(own_node)
    before = tx_rows()
    for _ in range(60):
        later(60)
        look_after()
    assert [(tx.hash, tx.fee_cap, tx.sends) for tx in tx_rows()] == [
        (tx.hash, tx.fee_cap, tx.sends) for tx in before
    ]
    own_node.mine()
    look_after()
    assert status_of(INTENT) == "confirmed"
    assert len(queries.transactions(row.id)) == 1


def test_an_hour_without_blocks_after_a_spike_raises_once(own_node, heard, later):
    sent_but_not_mined(own_node)
    block_at(own_node, 50)
    for _ in range(60):
        later(60)
        look_after()
    old, new = tx_rows()
    assert (old.status, new.status) == ("replaced", "broadcast")
    assert new.fee_cap == 101 * GWEI


def test_a_refused_price_does_not_count_as_sent(own_node, heard):
    """The base fee rose between signing and sending."""
    own_node.rpc("evm_setAutomine", False)
    register_issuer()
    outbox.HANDLERS["chain.sign"].run([], outbox.HANDLERS["chain.sign"].prepare([]))
    commit()
    db.session.remove()
    block_at(own_node, 50)
    settle()
    (tx,) = tx_rows()
    assert (tx.status, tx.refusal) == ("underpriced", "below_base_fee")
    assert status_of(INTENT) == "signed"
    look_after()
    assert [row.status for row in tx_rows()] == ["replaced", "broadcast"]
    own_node.mine()
    look_after()
    assert status_of(INTENT) == "confirmed"


def test_above_the_limit_everything_waits_and_goes_on_when_the_market_falls(
    own_node, heard, app, later
):
    use_node(own_node, chain_max_fee_gwei=Decimal(20))
    first = sent_but_not_mined(own_node)
    block_at(own_node, 50)
    register_issuer("second")
    later(61)
    for _ in range(3):
        look_after()
    assert status_of(INTENT) in ("signed", "broadcast")
    assert status_of("issuer:second:register") == "queued"
    assert len(tx_rows()) == 1
    problem = queries.cursor().fee_problem
    assert problem == (
        "The network asks 51 gwei per unit of gas, the limit is 20 gwei (CHAIN_MAX_FEE_GWEI)."
    )
    desk = raising.browser(app, raising.person("ada", "admin"))
    assert ">2</span>" in _row(desk.get("/staff").text, "waiting for a lower price")
    assert problem in desk.get("/staff/chain/writes").text
    assert (
        "the network asks more than the limit" in desk.get(f"/staff/chain/writes/{first.id}").text
    )
    rollback()
    block_at(own_node, 5)
    own_node.rpc("evm_setAutomine", True)
    for _ in range(3):
        look_after()
    assert status_of(INTENT) == "confirmed"
    assert status_of("issuer:second:register") == "confirmed"
    assert all(tx.fee_cap <= 20 * GWEI for tx in tx_rows())
    assert queries.cursor().fee_problem is None
    assert "lower price" not in desk.get("/staff").text


def _row(page, title):
    assert title in page
    return page[page.index(title) :][:600]


def test_a_fallen_market_takes_the_same_bytes(own_node, heard, later):
    use_node(own_node, chain_max_fee_gwei=Decimal(20))
    sent_but_not_mined(own_node)
    signed = tx_rows()[0].raw
    block_at(own_node, 50)
    later(61)
    look_after()
    look_after()
    assert tx_rows()[0].status == "underpriced"
    block_at(own_node, 1)
    own_node.rpc("evm_setAutomine", True)
    look_after()
    assert status_of(INTENT) == "confirmed"
    assert [tx.raw for tx in tx_rows()] == [signed]


def test_a_raised_limit_lets_everything_go_on(own_node, heard, later):
    use_node(own_node, chain_max_fee_gwei=Decimal(20))
    block_at(own_node, 50)
    register_issuer()
    settle()
    look_after()
    assert status_of(INTENT) == "queued"
    use_node(own_node, chain_max_fee_gwei=Decimal(200))
    look_after()
    assert status_of(INTENT) == "confirmed"
    look_after()
    assert queries.cursor().fee_problem is None


@pytest.mark.parametrize(
    "words",
    [
        "transaction underpriced: tip needed 5, tip permitted 1",
        "replacement transaction underpriced",
    ],
)
def test_a_node_that_wants_more_gets_an_eighth_more_with_each_block(own_node, heard, later, words):
    own_node.rpc("evm_setAutomine", False)
    with in_front_of(own_node.url) as proxy:
        use_node(proxy)
        proxy.answers["eth_sendRawTransaction"] = lambda _params: {
            "error": {"code": -32000, "message": words}
        }
        register_issuer()
        settle()
        for _ in range(3):
            look_after()
        assert len(tx_rows()) == 1  # no new block yet
        for count in (2, 3):
            own_node.mine()
            look_after()
            look_after()
            assert len(tx_rows()) == count
        proxy.answers.clear()
        own_node.mine()
        look_after()
        own_node.mine()
        look_after()
        assert status_of(INTENT) == "confirmed"
        caps = [tx.fee_cap for tx in tx_rows()]
        assert all(new * 1000 >= old * 1125 for old, new in itertools.pairwise(caps))
        use_node(own_node)


def test_the_replaced_transaction_may_win_the_race(own_node, heard, later):
    sent_but_not_mined(own_node)
    raw = tx_rows()[0].raw
    block_at(own_node, 50)
    with in_front_of(own_node.url) as proxy:  # which keeps what costs too little
        use_node(proxy)
        proxy.answers["eth_getTransactionByHash"] = lambda params: {"result": {"hash": params[0]}}
        later(61)
        watch.act(watch.look())
        commit()
        db.session.remove()
        use_node(own_node)
    block_at(own_node, 1)
    own_node.rpc("eth_sendRawTransaction", raw)
    own_node.mine()  # before the replacement is sent
    own_node.rpc("evm_setAutomine", True)
    look_after()
    old, new = tx_rows()
    assert (old.status, new.status) == ("confirmed", "replaced")
    assert queries.write(INTENT).tx_hash == old.hash
    assert status_of(INTENT) == "confirmed"


def test_a_chain_without_base_fee_is_followed_by_its_gas_price(app, tmp_path, later):
    node = LocalNode(
        free_port(), ("--hardfork", "berlin", "--prune-history", "300"), tmp_path
    ).start()
    try:
        use_node(node)
        deploy.run(lambda _line: None, commit)
        sent_but_not_mined(node)
        with in_front_of(node.url) as proxy:
            use_node(proxy, chain_max_fee_gwei=Decimal(200))
            proxy.answers["eth_gasPrice"] = lambda _params: {"result": hex(90 * GWEI)}
            later(61)
            look_after()
            assert len(tx_rows()) == 1  # no new block yet
            proxy.answers["eth_getBlockByNumber"] = _one_block_more(node)
            watch.act(watch.look())
            commit()
            db.session.remove()
        old, new = tx_rows()
        assert (old.fee_tip, new.fee_tip, new.fee_cap) == (None, None, 90 * GWEI)
        use_node(node)
        settle()
        node.mine()
        look_after()
        assert queries.write(INTENT).tx_hash == new.hash
        assert status_of(INTENT) == "confirmed"
    finally:
        node.stop()


def _one_block_more(node):
    """Answer with a newest block one higher, as when somebody else's transactions were mined."""

    def answer(params):
        if params[0] != "latest":
            return None
        block = node.rpc("eth_getBlockByNumber", "latest", False)
        return {"result": {**block, "number": hex(int(block["number"], 16) + 1)}}

    return answer


def test_the_tip_is_what_the_node_suggests_else_what_the_last_blocks_paid(own_node, heard):
    register_issuer()
    settle()
    with in_front_of(own_node.url) as proxy:
        use_node(proxy)
        node = connection.node()
        assert node.market().tip == int(node.rpc("eth_maxPriorityFeePerGas"), 16)
        proxy.answers["eth_maxPriorityFeePerGas"] = lambda _params: {
            "error": {"message": "no method"}
        }
        proxy.answers["eth_feeHistory"] = lambda _params: {
            "result": {"reward": [["0x0"], [hex(3 * GWEI)], [hex(2 * GWEI)], [hex(9 * GWEI)]]}
        }
        assert node.market().tip == 3 * GWEI
        proxy.answers["eth_feeHistory"] = lambda _params: {"error": {"message": "no method"}}
        market = node.market()
        assert market.tip == market.price - market.base
        use_node(own_node)


def test_status_tells_what_the_network_asks_and_what_is_allowed(heard, app):
    register_issuer()
    settle()
    result = app.test_cli_runner().invoke(args=["chain", "status"])
    assert result.exit_code == 0, result.output
    assert "gwei per unit of gas, the limit is 500" in result.output
