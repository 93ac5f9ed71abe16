"""A thing changes its status in one place, with its history."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel import live
from crowdfund.kernel.db import commit, db, locked
from crowdfund.kernel.db.history import status_changes
from crowdfund.kernel.moving import move, move_all, move_row
from crowdfund.people import service
from crowdfund.people.models import User, person_event

U = User.__table__


@pytest.fixture
def alice(app):
    found = service.ensure_user("alice@example.com", "")
    commit()
    return found


@pytest.fixture
def shown(monkeypatch):
    pages = []
    monkeypatch.setattr(live, "changed", lambda *page: pages.append(page))
    return pages


def history(person_id):
    changes = status_changes(person_event, person_id)
    return [(one.from_status, one.to_status, one.actor, one.reason) for one in changes]


def status(person_id):
    return db.session.scalar(sa.select(U.c.kyc_status).where(U.c.id == person_id))


def test_an_object_is_moved_with_what_else_was_changed_of_it(alice, shown):
    person, before = locked(User, alice), history(alice)
    person.kyc_reason = "looked at"
    pages = (("person", alice), ("queue", "people"))
    move(
        person,
        "pending",
        person_event,
        actor="system",
        reason="w" * 2_000,
        pages=pages,
        field="kyc_status",
    )
    assert status(alice) == "pending"
    assert db.session.scalar(sa.select(U.c.kyc_reason)) == "looked at"
    assert history(alice)[len(before) :] == [("none", "pending", "system", "w" * 1_000)]
    assert shown == [("person", alice), ("queue", "people")]


def test_a_row_is_moved_only_from_where_it_was_seen(alice, shown):
    before = history(alice)
    how = {"actor": "system", "field": "kyc_status", "pages": [("person", alice)]}
    assert not move_row(U, alice, "verified", person_event, before="pending", **how)
    assert (status(alice), history(alice), shown) == ("none", before, [])
    values = {"kyc_reason": "seen"}
    assert move_row(U, alice, "pending", person_event, before="none", values=values, **how)
    assert db.session.execute(sa.select(U.c.kyc_status, U.c.kyc_reason)).one() == (
        "pending",
        "seen",
    )
    assert history(alice)[len(before) :] == [("none", "pending", "system", "")]
    assert shown == [("person", alice)]


def test_many_objects_are_moved_each_with_its_history(alice, shown):
    bob = service.ensure_user("bob@example.com", "")
    commit()
    people = [locked(User, one) for one in sorted((alice, bob))]
    people[0].kyc_status = "rejected"
    before = {one.id: len(history(one.id)) for one in people}
    move_all(
        people, "pending", person_event, actor="system", pages=[("q", "p")], field="kyc_status"
    )
    assert [status(one.id) for one in people] == ["pending", "pending"]
    came = [history(one.id)[before[one.id] :] for one in people]
    assert came == [[("rejected", "pending", "system", "")], [("none", "pending", "system", "")]]
    assert shown == [("q", "p")]
