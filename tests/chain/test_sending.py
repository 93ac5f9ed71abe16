"""From an intent to a final effect, on a real node."""

import pytest
import sqlalchemy as sa

from crowdfund.chain import connection, queries, rules, service
from crowdfund.chain.errors import IntentConflict
from crowdfund.chain.models import Tx, WriteTx
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.errors import Conflict

from .conftest import campaign, record, register_issuer, settle, status_of


def test_a_write_becomes_confirmed_and_is_told_once_with_its_event(heard):
    register_issuer()
    settle()
    row = queries.write("issuer:acme:register")
    assert row.status == "confirmed"
    assert [event for event, _ in heard] == ["chain.confirmed"]
    payload = heard[0][1]
    assert payload["tx_hash"] == row.tx_hash
    assert payload["subject"] == ["company", "acme"]
    assert [e["event"] for e in payload["events"]] == ["IssuerRegistered"]
    assert payload["events"][0]["args"]["issuerId"] == rules.intent_bytes32("acme")


def test_every_step_of_a_write_is_in_its_history(heard):
    row = register_issuer()
    settle()
    steps = [event.to_status for event in queries.history(row.id)]
    assert steps == ["queued", "signed", "broadcast", "mined", "confirmed"]


def test_the_same_intent_twice_is_one_write(heard):
    first, second = register_issuer(), register_issuer()
    settle()
    third = register_issuer()
    settle()
    assert first.id == second.id == third.id
    assert len(heard) == 1
    assert len(queries.transactions(first.id)) == 1


def test_the_same_intent_for_another_call_is_refused(heard):
    register_issuer()
    with pytest.raises(IntentConflict):
        service.write(
            "issuer:acme:register",
            "IssuerRegistry",
            "deactivateIssuer",
            [rules.intent_bytes32("x"), rules.intent_bytes32("acme")],
            subject=("company", "acme"),
        )


def test_a_write_that_would_revert_is_not_sent_and_says_why(heard):
    intent = "issuer:nobody:off"
    args = [rules.intent_bytes32(intent), rules.intent_bytes32("nobody")]
    row = service.write(
        intent, "IssuerRegistry", "deactivateIssuer", args, subject=("company", "nobody")
    )
    commit()
    settle()
    row = queries.write(intent)
    assert row.status == "failed"
    assert row.last_error.startswith("IssuerUnknown(issuerId=0x")
    assert queries.transactions(row.id) == []
    assert heard == [("chain.failed", heard[0][1])]
    assert heard[0][1]["reason"] == row.last_error


def test_a_refusal_while_an_earlier_write_is_under_way_is_not_final(heard):
    """Deactivating needs the registration that is asked for in the same moment."""
    register_issuer()
    intent = "issuer:acme:off"
    args = [rules.intent_bytes32(intent), rules.intent_bytes32("acme")]
    service.write(intent, "IssuerRegistry", "deactivateIssuer", args, subject=("company", "acme"))
    commit()
    settle()
    assert status_of(intent) == "confirmed"


def test_arguments_that_do_not_fit_fail_alone(heard):
    row = service.write(
        "bad", "IssuerRegistry", "deactivateIssuer", ["0x01", "0x02"], subject=("x", "y")
    )
    register_issuer()
    settle()
    assert queries.write("bad").status == "failed"
    assert "bytes32 expected" in queries.write("bad").last_error
    assert status_of("issuer:acme:register") == "confirmed"
    assert row.status == "queued"


def test_investments_of_one_campaign_travel_in_one_transaction(heard):
    address = campaign()
    heard.clear()
    for number in range(30):
        record(address, number)
    commit()
    settle()
    rows = [queries.write(f"investment:{n}") for n in range(30)]
    assert {row.status for row in rows} == {"confirmed"}
    assert len({row.tx_hash for row in rows}) == 1
    assert len(heard) == 30
    assert all(len(payload["events"]) == 1 for _, payload in heard)
    total = connection.node().call("CampaignImplementation", address, "fiatTotal")
    assert total == rules.to_units(30 * 100_00)


def test_a_batch_is_at_most_two_hundred_rows(heard):
    address = campaign()
    for number in range(201):
        record(address, number)
    commit()
    settle()
    rows = [queries.write(f"investment:{n}") for n in range(201)]
    assert {row.status for row in rows} == {"confirmed"}
    assert len({row.tx_hash for row in rows}) == 2


def test_bad_rows_of_a_batch_are_split_off_and_the_rest_goes(heard):
    address = campaign(goal=10_000_00, most=10_000_00)
    for number in range(10):
        record(address, number)
    record(address, "empty", minor=0)
    record(address, "huge", minor=20_000_00)
    record(address, "doubled")
    record(address, "last")
    commit()
    settle()
    assert queries.write("investment:empty").last_error == "NotGranular"
    assert queries.write("investment:huge").last_error == "AboveGoal"
    good = [*range(10), "doubled", "last"]
    assert {status_of(f"investment:{n}") for n in good} == {"confirmed"}
    assert len({queries.write(f"investment:{n}").tx_hash for n in good}) == 1


def test_two_batches_that_pass_alone_but_not_together_end_with_the_goal_exactly_full(heard):
    """Both are simulated before either is mined; the later one reverts and is judged again."""
    address = campaign(goal=30_000_00, most=30_000_00)
    heard.clear()
    for number in range(350):
        record(address, number)
    commit()
    settle()
    rows = [queries.write(f"investment:{n}") for n in range(350)]
    assert [row.status for row in rows].count("confirmed") == 300
    assert {row.last_error for row in rows if row.status == "failed"} == {"AboveGoal"}
    total = connection.node().call("CampaignImplementation", address, "fiatTotal")
    assert total == rules.to_units(30_000_00)
    assert [event for event, _ in heard].count("chain.confirmed") == 300
    assert [event for event, _ in heard].count("chain.failed") == 50
    assert queries.nonce_problems() == []


def test_a_second_small_investment_counts_on_the_first_of_the_same_batch(heard):
    address = campaign()
    record(address, 1, minor=100_00, investor="alice")
    record(address, 2, minor=50_00, investor="alice")
    commit()
    settle()
    assert {status_of("investment:1"), status_of("investment:2")} == {"confirmed"}


def test_a_failed_write_can_be_replayed_when_the_reason_is_gone(heard):
    intent = "issuer:acme:off"
    args = [rules.intent_bytes32(intent), rules.intent_bytes32("acme")]
    row = service.write(
        intent, "IssuerRegistry", "deactivateIssuer", args, subject=("company", "acme")
    )
    commit()
    settle()
    assert status_of(intent) == "failed"
    register_issuer()
    settle()
    service.replay(row.id, actor="admin-1")
    commit()
    settle()
    assert status_of(intent) == "confirmed"
    assert "admin-1" in {event.actor for event in queries.history(row.id)}
    with pytest.raises(Conflict):
        service.replay(row.id, actor="admin-1")


def test_an_effect_that_is_on_chain_already_is_taken_as_done(heard):
    """A restored backup may have forgotten a write; the contract's guard has not."""
    register_issuer()
    settle()
    args = list(queries.write("issuer:acme:register").args)
    service.write(
        "forgotten", "IssuerRegistry", "registerIssuer", args, subject=("company", "acme")
    )
    commit()
    settle()
    row = queries.write("forgotten")
    assert row.status == "confirmed"
    assert len(queries.transactions(row.id)) == 0
    assert queries.nonce_problems() == []


def test_the_self_check_names_a_nonce_and_an_intent_with_two_successes(heard):
    register_issuer()
    settle()
    assert queries.nonce_problems() == []
    row = queries.write("issuer:acme:register")
    first = dict(
        db.session.execute(sa.select(Tx.__table__).where(Tx.id == row.tx_id)).mappings().one()
    )
    second = first | {"id": "a-second-one", "hash": "0x" + "ab" * 32}
    db.session.execute(sa.insert(Tx).values(**second))
    db.session.execute(sa.insert(WriteTx).values(write_id=row.id, tx_id=second["id"]))
    commit()
    assert queries.nonce_problems() == [
        f"2 final transactions of {first['signer']} with nonce {first['nonce']}",
        "intent issuer:acme:register succeeded 2 times",
    ]


def test_a_used_intent_is_no_proof_for_a_call_with_other_arguments(heard):
    register_issuer()
    settle()
    args = list(queries.write("issuer:acme:register").args)
    args[1], args[2] = rules.intent_bytes32("beta"), "0x" + "11" * 20
    service.write("other", "IssuerRegistry", "registerIssuer", args, subject=("company", "beta"))
    commit()
    settle()
    assert queries.write("other").status == "failed"
    assert queries.write("other").last_error.startswith("IntentAlreadyUsed")


def test_the_proof_finds_nothing_wrong_after_all_this(heard):
    address = campaign()
    for number in range(5):
        record(address, number)
    commit()
    settle()
    assert queries.nonce_problems() == []
