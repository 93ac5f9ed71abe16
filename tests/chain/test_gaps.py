"""Nonces: a gap is filled, and a key that others use is noticed."""

import pytest

from crowdfund.adapters.chain import answers, fees, signing, values
from crowdfund.chain import connection, gaps, planner, queries, rules, sender, service
from crowdfund.kernel import audit, outbox
from crowdfund.kernel.db import commit, db, rollback
from tests import raising

from .conftest import look_after, register_issuer, settle, status_of, use_node
from .proxy import in_front_of
from .test_fees import tx_rows

INTENT = "issuer:acme:register"


def foreign(node, nonce, *, gwei=3, wait=True):
    """Use the operator's key as somebody else would."""
    key, call = connection.key_of("operator"), signing.Call(values.ZERO, "0x", 21_000)
    price = fees.Fees(gwei * 10**9, 10**9)
    signed = signing.sign(key, call, chain_id=31337, nonce=nonce, fees=price)
    outcome = node.send_raw(signed.raw)
    assert outcome.sent == answers.Sent.ACCEPTED, outcome
    if wait:
        assert node.wait(signed.hash).ok
    return signed


def operator():
    found = queries.signer(connection.address_of("operator"))
    db.session.remove()
    return found


def kinds():
    return [(tx.nonce, tx.kind, tx.status) for tx in tx_rows()]


@pytest.fixture
def gap(own_node, heard, later):
    """A foreign transaction was counted, ours followed it, and then both were reorganised away."""
    foreign(connection.node(), 0)
    register_issuer()
    settle()
    assert [(tx.nonce, tx.status) for tx in tx_rows()] == [(1, "confirmed")]
    own_node.rpc("anvil_rollback", 2)
    look_after()
    look_after()
    assert status_of(INTENT) == "broadcast"
    assert connection.node().nonce(operator().address) == 0
    return own_node


def test_a_nonce_gap_is_filled_by_itself_after_a_safe_wait(gap, heard, later):
    assert operator().gap_nonce == 0
    later(60)
    look_after()
    assert kinds() == [(1, "call", "broadcast")]
    later(61)
    look_after()
    look_after()
    assert kinds() == [(0, "fill", "confirmed"), (1, "call", "confirmed")]
    assert status_of(INTENT) == "confirmed"
    assert operator().gap_nonce is None
    fill = tx_rows()[0]
    assert (fill.to, fill.data) == (fill.signer, "0x")
    assert [event for event, _ in heard] == ["chain.confirmed"]
    assert queries.nonce_problems() == []


def test_a_gap_is_part_of_the_self_check_and_named(gap, later):
    later(601)
    assert queries.nonce_problems() == [
        f"signer {operator().address} waits at nonce 1 for over 10 min; no transaction has nonce 0"
    ]


def test_a_missing_transaction_that_comes_back_needs_no_filling(gap, later):
    foreign(connection.node(), 0)
    later(130)
    look_after()
    look_after()
    assert status_of(INTENT) == "confirmed"
    assert [tx.kind for tx in tx_rows()] == ["call"]
    assert operator().gap_nonce is None


def test_a_foreign_transaction_that_waits_in_the_node_is_no_gap(gap, later):
    gap.rpc("evm_setAutomine", False)
    foreign(connection.node(), 0, wait=False)
    look_after()
    assert operator().gap_nonce is None
    later(130)
    look_after()
    assert [tx.kind for tx in tx_rows()] == ["call"]


def test_several_missing_nonces_are_filled_together(own_node, heard, later):
    for nonce in range(3):
        foreign(connection.node(), nonce)
    register_issuer()
    settle()
    own_node.rpc("anvil_rollback", 4)
    look_after()
    look_after()
    later(121)
    look_after()
    look_after()
    assert [tx.kind for tx in tx_rows()] == ["fill", "fill", "fill", "call"]
    assert status_of(INTENT) == "confirmed"


def test_a_fill_that_is_reorganised_away_is_sent_again(gap, later):
    later(121)
    look_after()
    look_after()
    gap.rpc("anvil_rollback", 2)
    look_after()
    look_after()
    assert kinds() == [(0, "fill", "confirmed"), (1, "call", "confirmed")]
    assert status_of(INTENT) == "confirmed"


def test_a_fill_follows_the_market_like_any_other_transaction(gap, later):
    gap.rpc("evm_setAutomine", False)
    later(121)
    look_after()
    assert kinds()[0] == (0, "fill", "broadcast")
    gap.rpc("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    gap.mine()
    for _ in range(4):
        later(61)
        look_after()
    assert [tx.kind for tx in tx_rows() if tx.nonce == 0] == ["fill", "fill"]
    gap.rpc("evm_setAutomine", True)
    gap.mine()
    for _ in range(3):
        look_after()
    assert status_of(INTENT) == "confirmed"


def test_a_nonce_that_we_hold_to_be_on_chain_is_never_filled(own_node, heard):
    """The node went back and the reader has not followed yet."""
    register_issuer()
    settle()
    own_node.rpc("evm_setAutomine", False)
    register_issuer("beta")
    settle()
    assert [(tx.nonce, tx.status) for tx in tx_rows()] == [(0, "confirmed"), (1, "broadcast")]
    assert (
        gaps._missing(gaps.Standing(operator().address, read=0, pending=0, fill_gas=21_000)) == []
    )


# --- our own stored transactions come first ------------------------------------------------------


def lost_to_a_foreign_one(own_node):
    """Ours with nonce 0 lost against a foreign one, the write went out with nonce 1; then both
    blocks were reorganised away."""
    register_issuer()
    sender.store_plan(planner.plan())
    commit()
    db.session.remove()
    foreign(connection.node(), 0)
    settle()
    look_after()
    assert [(tx.nonce, tx.status) for tx in tx_rows()] == [(0, "lost"), (1, "confirmed")]
    own_node.rpc("anvil_rollback", 2)
    look_after()
    look_after()
    assert operator().gap_nonce == 0


def test_a_gap_that_our_own_bytes_fit_is_filled_by_them(own_node, heard, later):
    lost_to_a_foreign_one(own_node)
    later(121)
    look_after()
    look_after()
    assert kinds() == [(0, "call", "confirmed"), (1, "call", "reverted")]
    assert status_of(INTENT) == "confirmed"
    assert [event for event, _ in heard] == ["chain.confirmed"]
    assert queries.nonce_problems() == []


def test_the_bytes_of_a_closed_write_are_never_sent_again(own_node, heard, later):
    lost_to_a_foreign_one(own_node)
    row = queries.write(INTENT)
    service.move([row.id], rules.WriteStatus.QUEUED)
    service.fail(row.id, reason="for this test")
    service.close(row.id, "It is not wanted any more.", actor="admin-1")
    commit()
    db.session.remove()
    later(121)
    look_after()
    assert [(tx.nonce, tx.kind) for tx in tx_rows()] == [(0, "call"), (0, "fill"), (1, "call")]


# --- the key was used elsewhere -------------------------------------------------------------------


def test_a_nonce_used_elsewhere_only_costs_another_one_and_alerts_staff(own_node, heard):
    register_issuer()
    sender.store_plan(planner.plan())
    commit()
    db.session.remove()
    foreign(connection.node(), 0)
    settle()
    look_after()
    assert status_of(INTENT) == "confirmed"
    assert [(tx.nonce, tx.status) for tx in tx_rows()] == [(0, "lost"), (1, "confirmed")]
    assert operator().alert.startswith("This key was used elsewhere: nonce 0")


@pytest.mark.parametrize("is_forgotten", [True, False])
def test_a_sent_transaction_that_a_foreign_one_replaced_is_recognised(
    own_node, heard, later, is_forgotten
):
    own_node.rpc("evm_setAutomine", False)
    register_issuer()
    settle()
    foreign(connection.node(), 0, gwei=9, wait=False)
    own_node.mine()
    own_node.rpc("evm_setAutomine", True)
    if is_forgotten:
        later(11)
        look_after()
    else:  # the count alone tells it, also with a node that still shows the old one
        outbox.add("chain.index", "chain.index:now")
        commit()
        outbox.drain_all()
        gaps.act(gaps.look(), {})
        commit()
        db.session.remove()
        assert [tx.status for tx in tx_rows()] == ["lost"]
        assert status_of(INTENT) == "queued"
    look_after()
    look_after()
    assert status_of(INTENT) == "confirmed"
    assert [(tx.nonce, tx.status) for tx in tx_rows()] == [(0, "lost"), (1, "confirmed")]
    assert operator().alert is not None
    assert [event for event, _ in heard] == ["chain.confirmed"]


def test_a_use_while_nothing_of_ours_is_under_way_is_noticed(own_node, heard):
    register_issuer()
    settle()
    look_after()
    assert operator().alert is None
    foreign(connection.node(), 1)
    look_after()
    assert operator().alert.startswith("This key was used elsewhere: nonce 1")
    assert operator().next_nonce == 2
    register_issuer("beta")
    settle()
    assert status_of("issuer:beta:register") == "confirmed"
    assert [tx.status for tx in tx_rows()] == ["confirmed", "confirmed"]


def test_our_own_transactions_never_raise_an_alert(own_node, heard, later):
    for number in range(5):
        register_issuer(f"c{number}")
        look_after()
        later(20)
        look_after()
    assert {tx.status for tx in tx_rows()} == {"confirmed"}
    assert operator().alert is None


# --- a transaction that the node refuses ------------------------------------------------------


def test_a_transaction_that_the_node_refuses_for_good_is_given_up_by_staff_alone(
    own_node, heard, later, app
):
    refused = []

    def refuse(params):
        refused.extend(params if not refused else [])
        fits = params[0] == refused[0]
        return (
            {"error": {"code": -32000, "message": "tx fee exceeds the configured cap"}}
            if fits
            else None
        )

    with in_front_of(own_node.url) as proxy:
        proxy.answers["eth_sendRawTransaction"] = refuse
        use_node(proxy)
        register_issuer()
        settle()
        register_issuer("beta")
        settle()
        later(200)
        look_after()
        assert kinds() == [(0, "call", "signed"), (1, "call", "broadcast")]
        ada = raising.browser(app, raising.person("ada", "admin"))
        assert "Give up the transaction with nonce 0?" in ada.get("/staff/chain/writes").text
        assert ada.post(f"/staff/chain/signers/{operator().address}/fill-nonce").status_code == 303
        rollback()
        for _ in range(3):
            look_after()
        assert status_of(INTENT) == status_of("issuer:beta:register") == "confirmed"
        assert kinds() == [
            (0, "call", "replaced"),
            (0, "fill", "confirmed"),
            (1, "call", "confirmed"),
            (2, "call", "confirmed"),
        ]
        assert operator().alert is None
        use_node(own_node)


# --- staff ----------------------------------------------------------------------------------------


def test_staff_fill_a_gap_at_once_from_the_desk(gap, app):
    ada = raising.browser(app, raising.person("ada", "admin"))
    page = ada.get("/staff/chain/writes").text
    assert "waits for a missing nonce" in page
    assert "Fill nonce 0 now?" in page
    rita = raising.browser(app, raising.person("rita", "finance"))
    url = f"/staff/chain/signers/{operator().address}/fill-nonce"
    assert "Fill nonce" not in rita.get("/staff/chain/writes").text
    assert rita.post(url).status_code == 403
    assert ada.post(url).status_code == 303
    rollback()
    settle()
    look_after()
    assert kinds() == [(0, "fill", "confirmed"), (1, "call", "confirmed")]
    assert ada.post(url).status_code == 409
    (entry,) = audit.entries(audit.Filters(action="chain.fill_nonce", outcome="done")).rows
    assert entry.subject_id == operator().address
    page = ada.get("/staff/chain/writes").text
    assert "Empty transfers that filled a missing nonce" in page


def test_the_command_fills_a_gap_at_once(gap, app):
    result = app.test_cli_runner().invoke(args=["chain", "fill-nonce", "operator"])
    assert result.exit_code == 0, result.output
    assert "1 nonces of the operator key were filled" in result.output
    look_after()
    assert status_of(INTENT) == "confirmed"
    assert len(audit.entries(audit.Filters(action="chain.fill_nonce", outcome="done")).rows) == 1
    again = app.test_cli_runner().invoke(args=["chain", "fill-nonce", "operator"])
    assert "No nonce of the operator key is missing." in again.output


def test_an_alert_stays_until_an_admin_takes_it_away(own_node, heard, app):
    register_issuer()
    settle()
    foreign(connection.node(), 1)
    look_after()
    ada = raising.browser(app, raising.person("ada", "admin"))
    assert "The Operator key was used elsewhere" in ada.get("/staff/chain/writes").text
    assert "Chain keys used elsewhere" in ada.get("/staff").text
    url = f"/staff/chain/signers/{operator().address}/dismiss-alert"
    assert ada.post(url).status_code == 303
    assert "The operator key was used elsewhere" not in ada.get("/staff/chain/writes").text
    assert "Chain keys used elsewhere" not in ada.get("/staff").text
    assert ada.post(url).status_code == 409
