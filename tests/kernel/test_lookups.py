"""Prepared lookups: a request shares one connection between them and always gives it back."""

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from crowdfund.kernel import clock, lookups, sessions
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.sessions import WebSession
from tests import raising

T = WebSession.__table__
COUNT = lookups.Lookup(sa.select(sa.func.count().label("found")).select_from(T))
WRONG = lookups.Lookup(sa.select(sa.column("nowhere")).select_from(T))


@pytest.fixture
def borrowed(app):
    """Count how often a connection is taken out of the pool."""
    taken = []

    def take(*_):
        taken.append(1)

    event.listen(db.engine, "checkout", take)
    yield taken
    event.remove(db.engine, "checkout", take)


@pytest.fixture
def bob(app, frozen):
    person_id = raising.person("bob")
    commit()
    client = raising.browser(app, person_id)
    db.session.remove()
    return client


def test_the_lookups_of_a_page_share_one_connection(bob, borrowed):
    bob.get("/campaigns")  # what has to be kept is kept now
    del borrowed[:]
    page = bob.get("/campaigns")
    assert "bob@example.com" in page.text
    assert len(borrowed) == 1
    assert db.engine.pool.checkedout() == 0


def test_a_request_that_writes_leaves_the_pool_as_it_was(bob):
    assert bob.post("/notifications/read-all").status_code in (204, 303)
    assert db.engine.pool.checkedout() == 0


def test_a_lookup_outside_a_request_gives_its_connection_back_at_once(app, borrowed):
    db.session.remove()
    assert COUNT.first().found == COUNT.first().found == 0
    assert len(borrowed) == 2
    assert db.engine.pool.checkedout() == 0


def test_a_connection_that_failed_is_replaced_for_the_rest_of_the_request(app, borrowed):
    db.session.remove()
    lookups.hold()
    assert COUNT.first().found == 0
    with pytest.raises(Exception, match="nowhere"):
        WRONG.first()
    assert db.engine.pool.checkedout() == 0
    assert COUNT.first().found == 0
    lookups.release()
    assert len(borrowed) == 2
    assert db.engine.pool.checkedout() == 0


def test_a_request_within_a_request_gives_back_only_its_own(app):
    db.session.remove()
    lookups.hold()
    COUNT.first()
    lookups.hold()
    COUNT.first()
    assert db.engine.pool.checkedout() == 2
    lookups.release()
    assert db.engine.pool.checkedout() == 1
    lookups.release()
    lookups.release()  # once too often changes nothing
    assert db.engine.pool.checkedout() == 0


def test_each_lookup_of_a_held_connection_sees_what_was_committed_meanwhile(app, frozen):
    db.session.remove()
    lookups.hold()
    assert COUNT.first().found == 0
    now = frozen.now()
    with db.engine.begin() as connection:
        connection.execute(
            sa.insert(T).values(
                id=sessions.hashed("x"),
                data={},
                user_agent="",
                ip_prefix="",
                created_at=now,
                seen_at=now,
                expires_at=now,
            )
        )
    assert COUNT.first().found == 1
    lookups.release()


def test_what_a_lookup_is_asked_with_is_written_as_its_column_holds_it(app, frozen):
    """SQLite compares moments as texts: one written otherwise would lie before or behind its
    equal."""
    now = clock.now()
    row = {"data": {}, "user_agent": "", "created_at": now, "seen_at": now, "expires_at": now}
    db.session.execute(sa.insert(T).values(id="a", **row))
    commit()
    at = sa.bindparam("at", type_=T.c.seen_at.type)
    same = lookups.Lookup(sa.select(T.c.id).where(T.c.seen_at == at))
    below = lookups.Lookup(
        sa.select(T.c.id).where(sa.tuple_(T.c.seen_at, T.c.id) < sa.tuple_(at, "a"))
    )
    assert [row.id for row in same.all(at=now)] == ["a"]
    assert below.all(at=now) == []
