"""Ids, types, inserts, transactions: what every feature takes for granted."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from crowdfund.kernel import db as kernel
from crowdfund.kernel.db import (
    Prepared,
    UTCDateTime,
    after_commit,
    collect_for_commit,
    commit,
    db,
    driver,
    insert_ignore,
    is_first,
    new_id,
    own_transaction,
    reading,
    rollback,
)
from crowdfund.kernel.outbox import Schedule
from crowdfund.people import queries, service
from crowdfund.people.models import User, UserRole
from tests.together import at_once

TICKS = Schedule.__table__


def tick_row(name, at=datetime(2026, 1, 1, tzinfo=UTC)):
    return {"name": name, "next_at": at}


def names():
    rollback()
    return sorted(db.session.scalars(sa.select(TICKS.c.name)))


def test_ids_are_32_hex_digits_never_repeat_and_sort_by_creation():
    made = [new_id() for _ in range(5_000)]
    assert len(set(made)) == 5_000
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in made)
    assert made == sorted(made)
    assert {one[12] for one in made} == {"7"}
    assert {one[16] for one in made} <= set("89ab")


def test_a_moment_without_zone_is_refused_and_others_are_kept_to_the_microsecond(app):
    east = timezone(timedelta(hours=3))
    moment = datetime(2026, 5, 4, 3, 2, 1, 987_654, tzinfo=east)
    insert_ignore(TICKS, [tick_row("east", moment)])
    commit()
    kept = db.session.scalar(sa.select(TICKS.c.next_at))
    assert (kept, kept.tzinfo) == (moment, UTC)
    with pytest.raises(sa.exc.StatementError, match="naive datetime"):
        insert_ignore(TICKS, [tick_row("naive", datetime(2026, 1, 1))])


def test_a_moment_is_stored_as_sqlalchemy_would_store_it(app):
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=3)))
    insert_ignore(TICKS, [tick_row("text", at)])
    commit()
    if db.engine.dialect.name == "sqlite":
        stored = sa.text("SELECT next_at FROM schedule WHERE name = 'text'")
        assert db.session.scalar(stored) == "2026-01-02 00:04:05.000000"
    assert db.session.scalar(sa.select(TICKS.c.next_at).where(TICKS.c.name == "text")) == at


def test_moments_compare_in_sql_as_they_do_in_python(app):
    base = datetime(2026, 1, 1, tzinfo=UTC)
    insert_ignore(
        TICKS, [tick_row(str(n), base + timedelta(microseconds=n)) for n in (0, 1, 10, 1_000_000)]
    )
    later = sa.select(TICKS.c.name).where(
        TICKS.c.next_at > base.astimezone(timezone(timedelta(hours=-8)))
    )
    assert sorted(db.session.scalars(later)) == ["1", "10", "1000000"]
    assert UTCDateTime.cache_ok


def test_insert_ignore_tells_how_many_were_new(app):
    assert insert_ignore(TICKS, []) == 0
    assert insert_ignore(TICKS, [tick_row("a")]) == 1
    assert insert_ignore(TICKS, [tick_row("a")]) == 0
    assert insert_ignore(TICKS, [tick_row("a"), tick_row("b"), tick_row("c")]) == 2
    commit()
    assert names() == ["a", "b", "c"]


def test_of_many_who_insert_the_same_key_one_is_told_it_was_new(app):
    assert sorted(at_once(app, [lambda: insert_ignore(TICKS, [tick_row("a")])] * 8)) == [0] * 7 + [
        1
    ]


@pytest.mark.parametrize("is_there", [True, False])
def test_of_many_who_insert_a_row_and_then_lock_it_none_is_undone_for_another(app, is_there):
    """Two reviewers of one file do this, and the first entries of a new head."""
    if is_there:
        insert_ignore(TICKS, [tick_row("a")])
        commit()
    later = sa.update(TICKS).values(next_at=datetime(2026, 2, 1, tzinfo=UTC))

    def work():
        made = insert_ignore(TICKS, [tick_row("a")])
        db.session.execute(sa.select(TICKS).where(TICKS.c.name == "a").with_for_update())
        db.session.execute(later.where(TICKS.c.name == "a"))
        return made

    for _ in range(5):
        made = sorted(at_once(app, [work] * 8), key=str)
        assert made == [0] * 8 if is_there else made in ([0] * 7 + [1], [0] * 8)


def test_what_is_done_in_its_own_transaction_survives_a_refusal(app):
    with own_transaction() as connection:
        connection.execute(sa.insert(TICKS).values(tick_row("kept")))
    insert_ignore(TICKS, [tick_row("lost")])
    rollback()
    assert names() == ["kept"]


def test_an_own_transaction_after_the_main_one_began_is_refused_instead_of_waiting_for_itself(app):
    db.session.execute(sa.select(TICKS))
    with pytest.raises(RuntimeError, match="own_transaction"), own_transaction():
        pass


def test_an_own_transaction_that_fails_keeps_nothing(app):
    with pytest.raises(sa.exc.IntegrityError), own_transaction() as connection:
        connection.execute(sa.insert(TICKS), [tick_row("lost"), tick_row("lost")])
    assert names() == []


def test_while_reading_nothing_can_be_written_neither_by_objects_nor_by_statements(app):
    for write in (
        lambda: service.ensure_user("a@example.com"),
        lambda: insert_ignore(TICKS, [tick_row("a")]),
        lambda: db.session.execute(sa.delete(TICKS)),
        lambda: (db.session.add(User(email="a@example.com")), db.session.flush()),
    ):
        with reading(), pytest.raises(RuntimeError, match="must not write"):
            write()
        rollback()
    assert names() == []


def test_a_reader_sees_what_was_committed_while_it_reads(app):
    with reading():
        assert queries.find_by_email("new@example.com") is None
        with db.engine.begin() as connection:  # SQLite: no lock is held by the reader
            connection.execute(sa.insert(TICKS).values(tick_row("new")))
        assert db.session.scalar(sa.select(sa.func.count()).select_from(TICKS)) == 1
        db.session.remove()


def test_the_connection_that_was_used_last_is_lent_first(app):
    first, second = db.engine.raw_connection(), db.engine.raw_connection()
    used_last = second.dbapi_connection
    first.close()
    second.close()
    again = db.engine.raw_connection()
    assert again.dbapi_connection is used_last
    again.close()


def test_doorbells_ring_once_after_the_commit_and_never_after_a_rollback(app):
    rung = []
    after_commit("a", lambda: rung.append("first"))
    after_commit("a", lambda: rung.append("once"))
    assert rung == []
    commit()
    commit()
    assert rung == ["once"]
    after_commit("b", lambda: rung.append("never"))
    rollback()
    commit()
    assert rung == ["once"]


def test_what_is_collected_for_a_commit_is_passed_on_at_once_and_never_after_a_rollback(app):
    passed = []
    for item in ("one", "two", "one"):
        collect_for_commit("k", item, passed.append)
    assert passed == []
    commit()
    commit()
    assert passed == [["one", "two"]]
    collect_for_commit("k", "three", passed.append)
    rollback()
    collect_for_commit("k", "four", passed.append)
    commit()
    assert passed == [["one", "two"], ["four"]]


@pytest.mark.parametrize("end", [commit, rollback])
def test_a_question_is_the_first_of_its_key_once_in_a_transaction(app, end):
    assert [is_first("a"), is_first("a"), is_first("b")] == [True, False, True]
    end()
    assert is_first("a")


def test_errors_of_the_lent_driver_are_those_of_sqlalchemy_and_leave_a_usable_session(app):
    broken = Prepared(sa.insert(TICKS), "name", "next_at")
    insert_ignore(TICKS, [tick_row("a")])
    commit()
    with pytest.raises(sa.exc.IntegrityError), driver() as sql:
        sql.send(broken, [tick_row("b"), tick_row("a")])
    rollback()
    assert names() == ["a"]


def test_a_prepared_statement_sends_types_defaults_and_many_rows(app):
    moment = datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=3)))
    insert = Prepared(sa.insert(TICKS), "name", "next_at")
    find = Prepared(
        sa.select(TICKS.c.name).where(
            TICKS.c.next_at <= sa.bindparam("at", type_=UTCDateTime), TICKS.c.name != "b"
        )
    )
    with driver() as sql:
        assert sql.send(insert, [tick_row(name, moment) for name in "abc"]) == 3
        assert sorted(sql.rows(find, at=moment)) == [("a",), ("c",)]
        assert sql.rows(find, at=moment - timedelta(seconds=1)) == []
    rollback()
    assert names() == []


def test_a_status_column_refuses_what_it_does_not_know(app):
    person_id = service.ensure_user("a@example.com")
    with pytest.raises(sa.exc.DBAPIError, match="ck_person_kyc_status_known"):
        db.session.execute(sa.update(User).where(User.id == person_id).values(kyc_status="maybe"))


PERSON = {
    "id": "p1",
    "email": "p1@example.com",
    "referral_code": "ABCDEFGH",
    "kyc_level": "none",
    "kyc_status": "none",
    "kyc_reason": "",
    "language": "",
    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
}


def wrong_rows():
    yield "a broken check", User.__table__, PERSON | {"kyc_status": "maybe"}
    yield "a missing value", TICKS, {"name": "a", "next_at": None}
    role = {
        "person_id": "nobody",
        "role": "admin",
        "given_by": "system",
        "given_at": PERSON["created_at"],
    }
    yield "a reference that leads nowhere", UserRole.__table__, role
    yield "a text that is too long", TICKS, tick_row("x" * 65)


@pytest.mark.parametrize("what", [what for what, _, _ in wrong_rows()])
def test_an_insert_that_ignores_duplicates_ignores_nothing_else(app, what):
    table, row = next((table, row) for name, table, row in wrong_rows() if name == what)
    if what == "a text that is too long" and db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite does not measure texts")
    with pytest.raises(sa.exc.DBAPIError):
        insert_ignore(table, [row])
    rollback()


def test_duplicates_are_found_by_every_unique_key_and_counted(app):
    other = PERSON | {"id": "p2", "email": "p2@example.com", "referral_code": "ABCDEFGJ"}
    same_code = PERSON | {"id": "p3", "email": "p3@example.com"}
    without = [
        PERSON | {"id": f"n{n}", "email": None, "referral_code": f"BBBBBBB{n}"} for n in range(2)
    ]
    assert insert_ignore(User.__table__, [PERSON]) == 1
    assert insert_ignore(User.__table__, [PERSON, other, same_code, *without, other]) == 3
    assert insert_ignore(User.__table__, [PERSON, other, *without]) == 0
    assert insert_ignore(User.__table__, [other | {"email": "p4@example.com"}]) == 0
    commit()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 4


@pytest.mark.parametrize(
    "pair", [("ज़ोया", "जोया"), ("सिंह", "सिह"), ("Bob", "bob"), ("é", "e"), ("ሀ", "ሃ")]
)
def test_names_that_differ_in_a_letter_are_two_names(app, pair):
    assert insert_ignore(TICKS, [tick_row(name) for name in pair]) == 2
    commit()
    assert names() == sorted(pair)
    assert db.session.scalars(sa.select(TICKS.c.name).where(TICKS.c.name == pair[0])).all() == [
        pair[0]
    ]


def test_two_who_find_the_same_row_and_lock_it_both_come_through(app):
    """On MySQL an INSERT IGNORE would share a lock on the row,
    and then both wait for the other's."""
    insert_ignore(TICKS, [tick_row("a")])
    commit()

    def once():
        assert insert_ignore(TICKS, [tick_row("a")]) == 0
        found = db.session.execute(
            sa.select(TICKS).where(TICKS.c.name == "a").with_for_update()
        ).one()
        db.session.execute(sa.update(TICKS).values(next_at=found.next_at + timedelta(seconds=1)))

    assert at_once(app, [once] * 6) == [None] * 6
    assert db.session.scalar(sa.select(TICKS.c.next_at)) == tick_row("a")["next_at"] + timedelta(
        seconds=6
    )


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_append_only_covers_update_and_delete_on_each_database(dialect):
    ddl = " ".join(kernel.append_only_ddl("thing_event", dialect)).upper()
    assert "UPDATE" in ddl
    assert "DELETE" in ddl
    assert "THING_EVENT IS APPEND-ONLY" in ddl or "' IS APPEND-ONLY'" in ddl


def test_every_event_table_is_append_only():
    events = [
        table
        for table in db.metadata.tables.values()
        if {"from_status", "to_status"} <= set(table.c.keys())
    ]
    assert len(events) >= 5
    assert all(table.info.get("append_only") for table in events)
