"""A recorder's cap of a day: what is above it waits, nothing is lost, an operator may raise it."""

import pytest

from crowdfund.adapters.chain import abi
from crowdfund.chain import connection, deploy, queries, rules, service
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db
from crowdfund.reports import queues

from .conftest import campaign, look_after, record, settle, status_of


def set_cap(minor):
    data = abi.encode("CampaignFactory", "setRecorderCap", [minor])
    deploy._transact(connection.node(), queries.address_of("CampaignFactory"), data, what="test")


def fiat_total(address):
    return connection.node().call("CampaignImplementation", address, "fiatTotal")


def held_kinds():
    db.session.remove()
    return {str(kind.title): kind.count()[0] for kind in queues.QUEUES}


@pytest.fixture
def capped(own_node, heard):
    """A campaign and room for three records of 100.00 a day."""
    address = campaign()
    set_cap(300_00)
    return address


def records(address, numbers):
    for number in numbers:
        record(address, number)
    commit()
    settle()


def test_what_is_above_the_cap_waits_and_the_rest_is_recorded(capped, later):
    records(capped, range(5))
    states = [status_of(f"investment:{number}") for number in range(5)]
    assert sorted(states) == ["confirmed"] * 3 + ["queued"] * 2
    assert fiat_total(capped) == rules.to_units(300_00)
    waiting = queries.write("investment:4")
    assert (waiting.hold, waiting.last_error) == ("cap", "RecorderCapReached")
    assert queries.held() == {"cap": 2}
    assert held_kinds()["Chain writes on hold"] == 2
    assert held_kinds()["Failed chain writes"] == 0
    later(11 * 60)
    assert held_kinds()["Slow chain writes"] == 0


def test_held_records_go_on_the_next_day(capped, own_node, later):
    records(capped, range(5))
    later(rules.HOLD_FOR.total_seconds() + 1)
    look_after()
    assert fiat_total(capped) == rules.to_units(300_00)
    own_node.rpc("evm_increaseTime", 86_400)
    later(rules.HOLD_FOR.total_seconds() + 1)
    look_after()
    assert fiat_total(capped) == rules.to_units(500_00)
    assert queries.held() == {}
    assert queries.nonce_problems() == []


def test_held_records_go_on_at_once_when_an_operator_raises_the_cap(capped):
    records(capped, range(5))
    recorder = connection.address_of("recorder")
    args = [rules.intent_bytes32("raise:1"), recorder, 150_00]
    service.write("raise:1", "CampaignFactory", "raiseRecorderCap", args, subject=("test", "1"))
    commit()
    settle()
    settle()
    assert fiat_total(capped) == rules.to_units(400_00)
    assert queries.held() == {"cap": 1}


def test_held_records_do_not_stand_in_the_way_of_others(capped):
    records(capped, range(4))
    assert not queries.queued()
    intent = "campaign:bakery:cancel"
    service.write(
        intent,
        "CampaignImplementation",
        "cancel",
        [rules.intent_bytes32(intent)],
        subject=("campaign", "bakery"),
        address=capped,
    )
    commit()
    settle()
    assert status_of(intent) == "confirmed"


def test_a_record_above_the_whole_cap_holds_up_no_smaller_one(capped, later):
    record(capped, 0, minor=400_00)
    records(capped, range(1, 4))
    assert [status_of(f"investment:{number}") for number in range(4)] == ["queued"] + [
        "confirmed"
    ] * 3
    assert queries.write("investment:0").hold == "cap"


def test_two_campaigns_share_the_day_and_no_transaction_reverts(capped, own_node):
    other = campaign("mill")
    own_node.rpc("evm_setAutomine", False)  # nothing is mined between the calls of a round
    for number in range(4):
        record(capped if number % 2 else other, number)
    commit()
    outbox.drain("chain")
    own_node.rpc("evm_setAutomine", True)
    own_node.mine()
    settle()
    settle()
    assert sorted(status_of(f"investment:{number}") for number in range(4)) == ["confirmed"] * 3 + [
        "queued"
    ]
    assert fiat_total(capped) + fiat_total(other) == rules.to_units(300_00)
    assert [queries.write(f"investment:{number}").attempts for number in range(4)] == [0] * 4


def test_a_pause_holds_records_and_they_go_on_after_it(capped):
    escrow = queries.address_of("FundEscrow")
    service.write("pause:1", "FundEscrow", "pause", [], subject=("test", "1"))
    commit()
    settle()
    assert status_of("pause:1") == "confirmed"
    assert queries.is_paused()
    records(capped, range(2))
    assert queries.held() == {"paused": 2}
    assert connection.node().call("FundEscrow", escrow, "paused")
    service.write("unpause:1", "FundEscrow", "unpause", [], subject=("test", "1"))
    commit()
    settle()
    settle()
    assert not queries.is_paused()
    assert fiat_total(capped) == rules.to_units(200_00)


def test_a_deployment_sets_the_cap_once_and_leaves_another_alone(deployed):
    factory = deployed["CampaignFactory"]
    assert connection.node().call("CampaignFactory", factory, "recorderCap") == 1_000_000_000
    set_cap(7)
    deploy.run(lambda _line: None, commit)
    assert connection.node().call("CampaignFactory", factory, "recorderCap") == 7


def test_what_the_admin_signs_waits_where_the_admins_key_is_elsewhere(capped, monkeypatch):
    def key_of(role, original=connection.key_of):
        if role == "admin":
            raise connection.KeyMissing("No key for the chain admin.")
        return original(role)

    monkeypatch.setattr(connection, "key_of", key_of)
    service.write("pause:1", "FundEscrow", "pause", [], subject=("test", "1"))
    record(capped, 1)
    commit()
    settle()
    assert status_of("investment:1") == "confirmed"
    assert queries.write("pause:1").hold == "key"
    assert queries.cursor().problem is None
