"""Sensitive changes are held for a day, every address is notified, the owner can cancel them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail, sms
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.people import queries as people_queries
from crowdfund.people.models import User
from crowdfund.security import queries, rules
from crowdfund.security.models import SensitiveChange, sensitive_change_event
from crowdfund.security.service import changes
from crowdfund.sign_in.service import methods as methods_service
from tests import raising
from tests.together import at_once

DAY = timedelta(hours=24)
done = []


@changes.on_apply("test_thing")
def keep(person_id, payload):
    done.append((person_id, payload))


@changes.on_apply("test_taken")
def refuse(person_id, payload):
    db.session.execute(sa.update(User).where(User.id == person_id).values(first_name="Half done"))
    raise Conflict("Another account uses this.")


@pytest.fixture(autouse=True)
def nothing_done():
    done.clear()
    sms.OUTBOX.clear()


@pytest.fixture
def alice(app, frozen):
    person_id = raising.person("alice")
    methods_service.attach(person_id, "phone", "+251911234567")
    commit()
    outbox.drain_all()
    mail.OUTBOX.clear()
    sms.OUTBOX.clear()
    return person_id


def ask(person_id, kind="test_thing", **payload):
    rollback()
    change_id = changes.request(
        person_id, kind, payload or {"value": "Addis-4711-0815-Lion"}, actor=person_id
    )
    commit()
    outbox.drain_all()
    return change_id


def later(frozen, by=DAY):
    frozen.advance(by)
    outbox.drain_all()
    rollback()


def letters():
    found = sorted((one["To"], one["Subject"].split(":")[0]) for one in mail.OUTBOX)
    mail.OUTBOX.clear()
    return found


def status(change_id):
    rollback()
    return queries.change(change_id).status


def test_a_change_happens_after_a_day_and_not_a_second_before(alice, frozen):
    change_id = ask(alice)
    later(frozen, DAY - timedelta(seconds=1))
    assert (status(change_id), done) == ("held", [])
    later(frozen, timedelta(seconds=1))
    assert (status(change_id), done) == ("applied", [(alice, {"value": "Addis-4711-0815-Lion"})])


def test_its_owner_is_told_by_mail_and_sms_when_it_is_asked_for_and_when_it_happens(alice, frozen):
    ask(alice)
    assert letters() == [("alice@example.com", "Change requested")]
    assert [one.to for one in sms.OUTBOX] == ["+251911234567"]
    later(frozen)
    assert letters() == [("alice@example.com", "Changed")]
    assert [one.to for one in sms.OUTBOX] == ["+251911234567"] * 2


def test_the_new_address_is_told_too_and_the_old_one_even_after_it_is_gone(
    alice, frozen, monkeypatch
):
    def move(person_id, payload):
        db.session.execute(
            sa.update(User).where(User.id == person_id).values(email=payload["value"])
        )
        methods = sa.text(
            "UPDATE sign_in_method SET value = :new WHERE person_id = :id AND kind = 'email'"
        )
        db.session.execute(methods, {"new": payload["value"], "id": person_id})

    monkeypatch.setitem(changes._KINDS, "email", move)
    ask(alice, "email", value="new@example.com")
    assert {to for to, _ in letters()} == {"alice@example.com", "new@example.com"}
    later(frozen)
    assert people_queries.get(alice).email == "new@example.com"
    assert {to for to, _ in letters()} == {"alice@example.com", "new@example.com"}


@pytest.mark.parametrize(("kind", "statuses"), [("email", [303, 303]), ("test_thing", [200, 200])])
def test_when_a_way_in_changes_every_device_signs_in_anew(
    app, alice, frozen, monkeypatch, kind, statuses
):
    monkeypatch.setitem(changes._KINDS, "email", keep)
    browsers = [raising.sign_in(app.test_client(), alice) for _ in range(2)]
    stranger = raising.sign_in(app.test_client(), raising.person("bob"))
    ask(alice, kind, value="new@example.com")
    assert [one.get("/account").status_code for one in (*browsers, stranger)] == [200, 200, 200]
    later(frozen)
    assert [one.get("/account").status_code for one in browsers] == statuses
    assert stranger.get("/account").status_code == 200


def test_its_owner_cancels_it_from_the_link_in_the_notice(app, alice, frozen):
    change_id = ask(alice)
    text = mail.OUTBOX[-1].get_body(("plain",)).get_content()
    assert f"/account/changes/{change_id}" in text
    browser = raising.sign_in(app.test_client(), alice)
    assert "Cancel this change" in browser.get(f"/account/changes/{change_id}").text
    assert browser.post(f"/account/changes/{change_id}/cancel").status_code == 303
    assert (
        "Nothing in your account is different" in browser.get(f"/account/changes/{change_id}").text
    )
    later(frozen)
    assert (status(change_id), done) == ("cancelled", [])
    assert browser.post(f"/account/changes/{change_id}/cancel").status_code == 409


def test_nobody_else_sees_or_cancels_it(app, alice):
    change_id = ask(alice)
    stranger = raising.sign_in(app.test_client(), raising.person("bob"))
    assert stranger.get(f"/account/changes/{change_id}").status_code == 404
    assert stranger.post(f"/account/changes/{change_id}/cancel").status_code == 404
    with pytest.raises(NotFound):
        changes.cancel(change_id, raising.person("bob"), actor="bob")
    assert status(change_id) == "held"


def test_a_newer_request_of_the_kind_takes_the_place_of_the_older(alice, frozen):
    first = ask(alice, value="first-1")
    frozen.advance(timedelta(hours=1))
    second = ask(alice, value="second-2")
    later(frozen)
    assert (status(first), status(second)) == ("replaced", "applied")
    assert [payload["value"] for _, payload in done] == ["second-2"]


def test_of_two_requests_at_once_one_is_left(app, alice, frozen):
    works = [lambda: changes.request(alice, "test_thing", {"value": "x"}, actor=alice)] * 4
    made = at_once(app, works)
    assert sorted(status(one) for one in made) == ["held", "replaced", "replaced", "replaced"]


def test_of_cancelling_and_applying_at_once_one_wins(app, alice, frozen):
    change_id = ask(alice)
    frozen.advance(DAY)
    works = [
        lambda: changes.apply(change_id),
        lambda: changes.cancel(change_id, alice, actor=alice),
    ]
    outcomes = at_once(app, works)
    applied = status(change_id) == "applied"
    assert len(done) == applied
    assert isinstance(outcomes[1], Conflict) == applied


def test_what_cannot_be_done_any_more_changes_nothing_and_is_told(alice, frozen):
    change_id = ask(alice, "test_taken", value="x")
    mail.OUTBOX.clear()
    later(frozen)
    assert queries.change(change_id).reason == "Another account uses this."
    assert status(change_id) == "failed"
    assert people_queries.get(alice).first_name == "Alice"
    assert letters() == [("alice@example.com", "A change could not be made")]


def test_nothing_happens_to_an_account_that_was_closed_meanwhile(alice, frozen):
    change_id = ask(alice)
    db.session.execute(sa.update(User).where(User.id == alice).values(disabled_at=frozen.now()))
    commit()
    later(frozen)
    assert (status(change_id), done) == ("cancelled", [])


def test_every_step_leaves_an_event(alice, frozen):
    change_id = ask(alice)
    later(frozen)
    query = sa.select(sensitive_change_event.c.from_status, sensitive_change_event.c.to_status)
    events = db.session.execute(
        query.where(sensitive_change_event.c.sensitive_change_id == change_id)
    )
    assert {tuple(event) for event in events} == {(None, "held"), ("held", "applied")}


def test_what_it_holds_is_sealed_and_opens_after_the_key_was_rotated(alice, frozen):
    ask(alice, value="Addis-4711-0815-Lion-SECRET")
    rollback()
    for table in (SensitiveChange.__table__, outbox.outbox_table):
        assert "0815" not in str(db.session.execute(sa.select(table)).all())
    old = config.settings()
    try:
        config.use(
            old.model_copy(
                update={"secret_key": "new" * 12, "secret_key_fallbacks": [old.secret_key]}
            )
        )
        later(frozen)
    finally:
        config.use(old)
    assert done[0][1] == {"value": "Addis-4711-0815-Lion-SECRET"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("alice@example.com", "a•••@example.com"),
        ("+251911234567", "+251•••••67"),
        ("0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x5FbD…0aa3"),
        ("1000123456789", "••••6789"),
        ("123", "••••"),
    ],
)
def test_values_are_shown_so_that_only_their_owner_knows_them(value, shown):
    assert rules.masked(value) == shown


def test_a_kind_that_nobody_applies_cannot_be_asked_for(alice):
    with pytest.raises(KeyError):
        changes.request(alice, "no_such_kind", {}, actor=alice)
