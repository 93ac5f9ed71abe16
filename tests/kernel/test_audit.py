"""The audit log: kept with the verb or not at all, one chain whoever comes at once,
no change unseen."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.kernel import access, audit, clock, outbox
from crowdfund.kernel.audit.chaining import plain, row_hash
from crowdfund.kernel.db import (
    append_only_ddl,
    before_commit,
    commit,
    db,
    own_transaction,
    reading,
    rollback,
)
from crowdfund.kernel.db.paging import Place
from crowdfund.people import service
from crowdfund.reports import queries as reports
from tests import raising
from tests.together import at_once

TABLE = audit.audit_table


def rows(**wanted):
    rollback()
    found = db.session.execute(sa.select(TABLE).order_by(TABLE.c.seq)).all()
    return [
        row for row in found if all(getattr(row, name) == value for name, value in wanted.items())
    ]


def record(action="probe.verb", subject=("person", "p1"), **detail):
    audit.record("alice", action, subject, detail, roles=("admin",))


@pytest.fixture
def written(app, frozen):
    """Four rows, written one after the other."""
    for number in range(1, 5):
        record(f"probe.verb{number}", reason=f"reason {number}")
        commit()
        frozen.advance(timedelta(minutes=1))
    assert audit.problems() == []
    return app


# --- recording ------------------------------------------------------------------------------------


def test_a_row_says_who_did_what_to_which_thing_and_why(app, frozen):
    record(reason="They asked", step=3)
    commit()
    (row,) = rows()
    assert (row.seq, row.actor, row.roles, row.action, row.outcome) == (
        1,
        "alice",
        "admin",
        "probe.verb",
        "done",
    )
    assert (row.subject_kind, row.subject_id, row.at) == ("person", "p1", frozen.now())
    assert row.detail == {"reason": "They asked", "step": 3}
    assert row.previous == "0" * 64
    assert row.hash == row_hash(row.previous, row._mapping)


def test_what_is_rolled_back_is_not_recorded_and_leaves_no_gap(app):
    record("one.kept")
    commit()
    record("one.forgotten")
    rollback()
    record("another.kept")
    commit()
    assert [(row.seq, row.action) for row in rows()] == [(1, "one.kept"), (2, "another.kept")]
    assert audit.problems() == []


def test_a_page_that_only_reads_records_at_once(app):
    with reading():
        record("document.view")
    rollback()
    assert [row.action for row in rows()] == ["document.view"]


def test_the_log_is_written_as_the_last_of_a_transaction(app):
    order = []
    record()
    before_commit(lambda: order.append(len(rows_now())))
    order.append(len(rows_now()))
    commit()
    assert order == [0, 1]


def rows_now():
    return db.session.execute(sa.select(TABLE.c.seq)).all()


def test_many_at_once_make_one_chain(app):
    record("first")
    commit()
    outcomes = at_once(app, [lambda n=n: record(f"at.once{n}") for n in range(8)])
    assert outcomes == [None] * 8
    assert [row.seq for row in rows()] == list(range(1, 10))
    assert audit.problems() == []


def test_the_first_ones_at_once_make_one_chain_too(app):
    at_once(app, [lambda: record() for _ in range(4)])
    assert [row.seq for row in rows()] == [1, 2, 3, 4]
    assert audit.problems() == []


def test_details_are_kept_as_any_database_gives_them_back(app):
    detail = {
        "amount": 12,
        "ok": True,
        "none": None,
        "roles": {"b", "a"},
        "at": clock.now,
        "text": "ሰላም" * 900,
    }
    kept = plain({**detail, "at": 1.5})
    assert kept == {
        "amount": 12,
        "ok": True,
        "none": None,
        "roles": ["a", "b"],
        "at": "1.5",
        "text": ("ሰላም" * 900)[:1000],
    }
    audit.record("alice", "x", ("a", "b"), kept)
    commit()
    assert rows()[0].detail == kept
    assert audit.problems() == []


# --- tampering ------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET seq = seq", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_the_log(written, change):
    with pytest.raises(sa.exc.DBAPIError, match="audit_entry is append-only"):
        db.session.execute(sa.text(change))
    rollback()
    assert audit.problems() == []


@pytest.fixture
def unlocked(written):
    """Take the triggers away, as somebody with the database's keys could, and put them back."""
    rollback()
    with db.engine.begin() as connection:
        dialect = connection.dialect.name
        for statement in append_only_ddl("audit_entry", dialect):
            if statement.startswith("CREATE TRIGGER"):
                on = " ON audit_entry" if dialect == "postgresql" else ""
                connection.exec_driver_sql(f"DROP TRIGGER {statement.split()[2]}{on}")
    yield written
    rollback()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("SELECT seq FROM audit_entry")  # SQLite reads the schema afresh
        for statement in append_only_ddl("audit_entry", dialect):
            connection.exec_driver_sql(statement)


def tamper(*statements):
    rollback()
    with own_transaction() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    rollback()
    return audit.problems()


@pytest.mark.parametrize(
    "column",
    ["actor", "roles", "action", "subject_kind", "subject_id", "request_id"],
)
def test_a_changed_row_is_named(unlocked, column):
    found = tamper(f"UPDATE audit_entry SET {column} = 'other' WHERE seq = 2")
    assert found == ["I14 audit entry 2 is not what was written"]


@pytest.mark.parametrize(
    "change",
    ["outcome = 'denied'", 'detail = \'{"reason": "reason 3"}\'', "at = '2026-06-15 09:00:00'"],
)
def test_a_changed_outcome_reason_or_moment_is_named(unlocked, change):
    found = tamper(f"UPDATE audit_entry SET {change} WHERE seq = 2")
    assert found == ["I14 audit entry 2 is not what was written"]


def test_a_row_rewritten_with_a_right_hash_breaks_the_one_after_it(unlocked):
    row = rows()[1]._mapping
    forged = row_hash(row["previous"], {**row, "actor": "nobody"})
    found = tamper(f"UPDATE audit_entry SET actor = 'nobody', hash = '{forged}' WHERE seq = 2")
    assert found == ["I14 audit entry 3 does not follow entry 2"]


@pytest.mark.parametrize(
    ("gone", "named"), [("seq = 2", "2 is"), ("seq IN (2, 3)", "2 to 3 is"), ("seq = 1", "1 is")]
)
def test_a_removed_row_is_named(unlocked, gone, named):
    assert tamper(f"DELETE FROM audit_entry WHERE {gone}") == [f"I14 audit entry {named} missing"]


def test_a_log_cut_at_its_end_no_longer_fits_its_head(unlocked):
    found = tamper("DELETE FROM audit_entry WHERE seq = 4")
    assert found == ["I14 the audit log ends at entry 3, its head says 4"]
    found = tamper("UPDATE audit_head SET seq = 3")
    assert found == ["I14 the audit log ends at entry 3, its head says 3"], "the hash still differs"


def test_rows_put_in_another_order_are_named(unlocked):
    found = tamper(
        "UPDATE audit_entry SET seq = 99 WHERE seq = 2",
        "UPDATE audit_entry SET seq = 2 WHERE seq = 3",
        "UPDATE audit_entry SET seq = 3 WHERE seq = 99",
    )
    assert "I14 audit entry 2 is not what was written" in found
    assert "I14 audit entry 3 is not what was written" in found


def test_a_row_put_in_between_is_named(unlocked):
    row = rows()[3]._mapping
    made_up = {**row, "seq": 5, "action": "made.up"}
    rollback()
    with own_transaction() as connection:
        connection.execute(sa.insert(TABLE).values(made_up))
    rollback()
    assert "I14 audit entry 5 does not follow entry 4" in audit.problems()


def test_the_selfcheck_tells_of_a_broken_log(unlocked):
    tamper("UPDATE audit_entry SET actor = 'x' WHERE seq = 3")
    assert "I14 audit entry 3 is not what was written" in reports.problems()


# --- refusals -------------------------------------------------------------------------------------


def deny(actor="eve", action="probe.desk"):
    rollback()
    return audit.denied(actor, action, ("", ""), roles=())


def test_the_same_refusal_is_kept_once_an_hour(app, frozen):
    assert [deny(), deny(), deny(action="probe.other")] == [True, False, True]
    frozen.advance(timedelta(minutes=61))
    assert deny()
    assert [row.outcome for row in rows()] == ["denied"] * 3


def test_nobody_fills_the_log_by_trying_doors(app, frozen, monkeypatch):
    monkeypatch.setattr("crowdfund.kernel.audit.recording.DENIED_A_DAY", 3)
    monkeypatch.setattr("crowdfund.kernel.audit.recording.DENIED_A_DAY_FOR_ALL", 5)
    assert [deny(action=f"door.{n}") for n in range(5)] == [True] * 3 + [False] * 2
    assert [deny("mallory", f"door.{n}") for n in range(4)] == [True] * 2 + [False] * 2
    record("work.goes.on")
    commit()
    frozen.advance(timedelta(hours=25))
    assert deny(action="door.9")
    assert len(rows()) == 7


# --- what the web shell records -------------------------------------------------------------------


@pytest.fixture
def staff(probe):
    """A browser of an admin, and the admin's id."""
    person_id = raising.person("adam", "admin")
    return raising.sign_in(probe, person_id), person_id


def test_a_staff_verb_that_succeeds_is_recorded_with_its_reason_and_nothing_else_of_the_form(staff):
    browser, person_id = staff
    form = {"reason": "Papers are fine", "decision": "approve", "secret": "s3cret", "amount": "5"}
    assert browser.post("/probe/desk", data=form).status_code == 200
    (row,) = rows(action="probe.desk")
    assert (row.actor, row.roles, row.outcome) == (person_id, "admin", "done")
    assert row.detail == {"reason": "Papers are fine", "decision": "approve"}
    assert len(row.request_id) == 12


def test_a_staff_page_that_is_only_read_is_not_recorded(staff):
    assert staff[0].get("/probe/desk").status_code == 200
    assert rows(action="probe.desk") == []


def test_a_staff_page_refused_to_somebody_signed_in_is_recorded_once(probe):
    person_id = raising.person("eve")
    raising.sign_in(probe, person_id)
    assert [probe.get("/probe/desk").status_code for _ in range(3)] == [403] * 3
    assert [(row.actor, row.outcome) for row in rows(action="probe.desk")] == [
        (person_id, "denied")
    ]


def test_staff_sent_to_prove_the_second_factor_have_done_nothing(probe):
    raising.sign_in(probe, raising.person("adam", "admin"), second_factor=False)
    assert probe.post("/probe/desk").status_code == 303
    assert rows() == []


def test_what_the_regulator_tried_to_write_is_recorded_as_refused(probe):
    raising.sign_in(probe, raising.person("rita", "regulator"))
    assert probe.post("/probe/desk").status_code == 403
    assert [(row.roles, row.outcome) for row in rows(action="probe.desk")] == [
        ("regulator", "denied")
    ]


def test_a_visitor_sent_to_sign_in_is_not_recorded(probe):
    assert probe.get("/probe/desk").status_code == 303
    assert rows() == []


def sign_in_by_code(browser, email):
    browser.post("/sign-in", data={"identifier": email})
    outbox.drain_all()
    code = re.search(r"\b\d{6}\b", mail.OUTBOX[-1].get_body(("plain",)).get_content())[0]
    return browser.post("/sign-in/code", data={"code": code})


def test_a_sign_in_of_staff_is_recorded_and_that_of_others_is_not(app, client):
    person_id = raising.person("adam", "admin", "finance")
    raising.person("alice")
    assert sign_in_by_code(client, "alice@example.com").status_code == 303
    assert sign_in_by_code(app.test_client(), "adam@example.com").status_code == 303
    (row,) = rows(action="sign_in.enter")
    assert (row.actor, row.subject_id, row.roles) == (person_id, person_id, "admin,finance")
    assert row.detail["method"] == "code"


def test_an_operator_who_makes_an_admin_is_recorded(app):
    answer = app.test_cli_runner().invoke(args=["create-admin", "adam@example.com"])
    assert answer.exit_code == 0, answer.output
    (row,) = rows(action="create-admin")
    assert (row.actor, row.subject_kind, row.detail) == ("cli", "person", {"roles": ["admin"]})
    assert row.subject_id == service.person_with("email", "adam@example.com")


def test_only_routes_for_staff_alone_count_as_staff_routes():
    assert access.is_staff_only("campaigns.approve")
    assert access.is_staff_only("reports.desk")
    assert not access.is_staff_only("sign_in.show")
    assert not access.is_staff_only("campaigns.index")
    assert not access.is_staff_only("no.such.route")


def test_a_reader_finds_rows_by_who_what_whom_when_and_by_words(written, frozen):
    found = lambda **wanted: [row.seq for row in audit.entries(audit.Filters(**wanted)).rows]  # noqa: E731
    assert found() == [4, 3, 2, 1]
    assert found(actors=("alice",), action="probe.verb3") == [3]
    assert found(actors=("bob",)) == []
    assert found(actors=()) == []
    assert found(subject_kind="person", subject_id="p1") == [4, 3, 2, 1]
    assert found(search="REASON 2") == [2]
    assert found(search="4") == [4]
    assert found(since=frozen.now() - timedelta(minutes=2)) == [4, 3]
    assert found(until=frozen.now() - timedelta(minutes=2)) == [2, 1]
    assert [row.seq for row in audit.entries(audit.Filters(), Place(before="3"), size=1).rows] == [
        2
    ]
    assert [row.seq for row in audit.entries(audit.Filters(), Place(after="2"), size=1).rows] == [3]
    assert [row.seq for row in audit.all_of(audit.Filters(outcome="done"))] == [1, 2, 3, 4]
