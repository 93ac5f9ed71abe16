"""The health report: green only while workers, relay, queues and the chain's reader really work."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.chain import gas
from crowdfund.chain.models import Cursor
from crowdfund.chain.state import READER
from crowdfund.kernel import clock, config, health, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.outbox import Heartbeat
from crowdfund.kernel.outbox.heartbeats import forget_last

_T = outbox.outbox_table


@pytest.fixture
def well(app, frozen, monkeypatch):
    """An installation that has just worked through every queue."""
    monkeypatch.setattr(health, "CACHED_S", 0.0)
    forget_last()
    for queue in outbox.QUEUES:
        outbox.add(f"outbox.beat.{queue}", f"beat:{queue}")
    commit()
    outbox.relay.sweep()
    outbox.drain_all()
    # what else the sweep has added concerns a chain that is not there
    db.session.execute(sa.delete(_T))
    commit()
    assert codes() == []
    return frozen


def codes():
    db.session.remove()
    return sorted(reason.code for reason in health.reasons())


def test_a_worker_that_is_silent_is_named_and_the_others_are_not(well):
    well.advance(timedelta(seconds=121))
    for queue in ("payments", "messages", "default"):
        forget_last()
        outbox.add(f"outbox.beat.{queue}", f"again:{queue}")
    commit()
    outbox.drain_all()
    outbox.beat(outbox.RELAY)
    commit()
    assert codes() == ["worker_silent:chain"]


def test_a_relay_that_is_silent_is_named(well):
    well.advance(timedelta(seconds=121))
    assert "relay_silent" in codes()
    forget_last()
    outbox.tick()
    assert "relay_silent" not in codes()


def test_a_worker_that_fails_at_every_job_does_not_beat(well, registers):
    """A process that lives and does nothing must not look well:
    so it was after a restart of PostgreSQL."""

    @outbox.handler("test.broken", queue="chain")
    def broken(_rows):
        raise ValueError("broken")

    well.advance(timedelta(seconds=121))
    forget_last()
    outbox.add("test.broken", "a")
    commit()
    outbox.drain("chain")
    assert "worker_silent:chain" in codes()


def test_an_installation_that_never_worked_says_so(app, frozen):
    found = {reason.code: reason.text for reason in health.reasons()}
    assert set(found) == {"relay_silent", *(f"worker_silent:{queue}" for queue in outbox.QUEUES)}
    assert all("has never worked" in text for text in found.values())


def test_work_that_waits_too_long_is_named_by_its_queue(well):
    outbox.add("notifications.send", "late", {"id": "x"})
    commit()
    queue = outbox.HANDLERS["notifications.send"].queue
    well.advance(timedelta(seconds=120))
    assert f"queue_late:{queue}" not in codes()
    well.advance(timedelta(seconds=1))
    assert f"queue_late:{queue}" in codes()


def test_work_that_is_due_later_is_not_late(well):
    outbox.add(
        "notifications.send", "later", {"id": "x"}, not_before=clock.now() + timedelta(days=1)
    )
    commit()
    assert codes() == []


def test_rows_that_were_given_up_are_counted(well):
    outbox.add("notifications.send", "dead", {"id": "x"})
    db.session.execute(sa.update(_T).values(state="dead"))
    commit()
    (reason,) = health.reasons()
    assert (reason.code, reason.text[:6]) == ("dead_rows", "1 rows")


def deployed(**values):
    facts = {
        "id": "main",
        "chain_id": 31337,
        "genesis": "0x",
        "number": 100,
        "applied": 100,
        "head": 100,
    }
    db.session.execute(
        sa.insert(Cursor).values(facts | values | {"version": 0, "moved_at": clock.now()})
    )
    forget_last()
    outbox.beat(READER)
    commit()


def test_a_chain_that_is_read_and_paid_for_is_well(well):
    deployed()
    gas.store([gas.Balance("operator", "0xabc", 10**9)])
    commit()
    assert codes() == []


def test_a_reader_that_is_silent_behind_or_in_trouble_is_named(well):
    deployed(number=49, applied=49, read_problem="https://node.example/?key=secret does not answer")
    assert codes() == ["chain_behind", "chain_problem"]
    assert "secret" not in str(health.reasons())
    well.advance(timedelta(seconds=121))
    assert "chain_not_read" in codes()


def test_a_signer_without_gas_money_is_named_with_its_address(well):
    deployed()
    limit = int(config.settings().chain_low_gas_ether * 10**9)
    gas.store(
        [gas.Balance("operator", "0xabc", limit - 1), gas.Balance("recorder", "0xdef", limit)]
    )
    commit()
    (reason,) = health.reasons()
    assert (reason.code, "0xabc" in reason.text) == ("gas_low:operator", True)


def test_a_clock_that_went_back_makes_nobody_silent_for_ever(well):
    well.advance(timedelta(days=1))
    forget_last()
    outbox.tick()
    well.advance(timedelta(days=-1))
    assert "relay_silent" in codes()  # nobody knows: its last word lies in the future
    forget_last()
    outbox.tick()
    assert "relay_silent" not in codes()


def test_balancers_get_200_while_pages_are_served_and_alarms_503_until_all_is_well(well, client):
    db.session.execute(sa.delete(Heartbeat))
    commit()
    report = client.get("/health")
    assert report.status_code == 200
    assert (report.json["status"], report.json["database"], report.json["redis"]) == (
        "degraded",
        True,
        False,
    )
    assert {"relay_silent", "redis_away"} <= {reason["code"] for reason in report.json["reasons"]}
    assert client.get("/health/strict").status_code == 503
    assert client.get("/health/live").json == {"status": "live"}


def test_all_is_well_when_redis_answers_too(well, client, monkeypatch):
    monkeypatch.setattr(health, "_redis_answers", lambda: True)
    assert client.get("/health").json == {
        "status": "ok",
        "reasons": [],
        "database": True,
        "redis": True,
    }
    assert client.get("/health/strict").status_code == 200


def test_who_asks_often_costs_few_queries(well, client, monkeypatch):
    monkeypatch.setattr(health, "CACHED_S", 60.0)
    asked = []
    monkeypatch.setattr(health, "reasons", lambda: asked.append(1) or [])
    health._cached.clear()
    for _ in range(20):
        client.get("/health")
    health._cached.clear()
    assert len(asked) == 1
