"""A database that restarts under a worker or a relay costs time only:
no work is lost or done twice."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import Fault, commit, db, fault_of, insert_ignore, reading, rollback
from crowdfund.kernel.outbox import Schedule
from crowdfund.people import queries
from tests.kernel.striking import end_all, strike

_T = outbox.outbox_table
GOOD = ("a", "b", "c", "p", "q")


@pytest.fixture(autouse=True)
def _server_only(database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has no server whose connections could end")


@pytest.fixture
def work(app, frozen, registers):
    """Handlers that leave one mark a row: in batches, after a preparation that reads,
    and one that fails."""

    def mark(rows, *_):
        for row in rows:
            db.session.execute(sa.insert(Schedule).values(name=row.key, next_at=clock.now()))

    def prepare(rows):
        with reading():
            return len(db.session.scalars(sa.select(Schedule.name)).all())

    outbox.handler("test.plain", batch=2)(mark)
    outbox.handler("test.prepared", batch=10, prepare=prepare)(mark)

    @outbox.handler("test.broken")
    def broken(_rows):
        raise ValueError("broken")

    def fill():
        db.session.remove()
        for table in (Schedule.__table__, _T):
            db.session.execute(sa.delete(table))
        outbox.add_many(
            [("test.plain", key, {}) for key in "abc"]
            + [("test.prepared", key, {}) for key in "pq"]
            + [("test.broken", "bad", {})]
        )
        commit()
        db.session.remove()

    return fill


def marks():
    rollback()
    return tuple(sorted(db.session.scalars(sa.select(Schedule.name))))


def rows():
    rollback()
    return {row.key: row for row in db.session.execute(sa.select(_T))}


@pytest.mark.parametrize("after_commit", [False, True], ids=["before it is sent", "after a commit"])
def test_a_connection_that_ends_at_any_statement_of_a_drain_costs_time_only(
    work, frozen, after_commit
):
    struck, at = [], 0
    while True:
        work()
        at += 1
        with strike(at, after_commit=after_commit) as blow:
            outbox.drain("default")
        if not blow.hit:
            break
        struck.append(blow.hit)
        frozen.advance(outbox.LEASE + timedelta(minutes=10))  # what it had claimed is free again
        outbox.drain("default")
        assert marks() == GOOD, f"after a blow at {blow.hit}"
        found = rows()
        assert {found[key].state for key in GOOD} == {"done"}
        assert {found[key].failures for key in GOOD} == {0}, f"counted as a failure: {blow.hit}"
        assert found["bad"].state == "due"
    verbs = {statement.split()[0] for statement in struck}
    assert verbs == ({"COMMIT,"} if after_commit else {"SELECT", "UPDATE", "INSERT", "COMMIT"})
    assert len(struck) >= (4 if after_commit else 15)


@pytest.mark.parametrize("after_commit", [False, True], ids=["before it is sent", "after a commit"])
def test_a_connection_that_ends_at_any_statement_of_a_sweep_costs_one_sweep(
    work, frozen, monkeypatch, after_commit
):
    outbox.every(60, "test.tick")(lambda: None)
    rung, struck, at = [], 0, 0
    monkeypatch.setattr(outbox.relay, "enqueue_drain", rung.append)
    while True:
        work()
        rung.clear()
        at += 1
        with strike(at, after_commit=after_commit) as blow:
            outbox.relay.sweep()
        if not blow.hit:
            break
        struck += 1
        outbox.relay.sweep()
        assert rung[-1:] == ["default"], f"after a blow at {blow.hit}"
        ticks = [key for key, row in rows().items() if row.kind == "test.tick"]
        assert len(ticks) == 1, f"after a blow at {blow.hit}"
    assert struck >= (1 if after_commit else 5)


def test_all_idle_connections_are_asked_again_after_one_was_lost(app):
    """Without that each stale connection of the pool would fail one more page."""
    engine = db.engine
    held = [engine.connect() for _ in range(3)]
    for connection in held:
        connection.exec_driver_sql("SELECT 1")
    for connection in held:
        connection.close()
    end_all()
    with pytest.raises(Exception, match=r"terminat|closed|Lost|gone") as lost:
        queries.load("nobody")
    assert fault_of(lost.value) is Fault.LOST
    for _ in range(6):
        assert queries.load("nobody") is None
    insert_ignore(Schedule.__table__, [{"name": "works on", "next_at": clock.now()}])
    commit()
