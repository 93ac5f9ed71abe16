"""The journal cannot be changed; if someone with the database's keys does it, it is found."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db import append_only_ddl, commit, db, rollback
from crowdfund.ledger.service import holds

from .conftest import ALICE, BOB, WORLD

TABLES = ("journal_entry", "journal_posting")


@pytest.fixture
def posted(book):
    book.post("one", (WORLD, ALICE, "10"))
    book.post("two", (ALICE, BOB, "4"))
    book.post("three", (WORLD, BOB, "1"))
    assert book.problems() == []
    return book


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {table} SET seq = seq", "DELETE FROM {table}"])
def test_the_database_refuses_to_change_the_journal(posted, table, change):
    with pytest.raises(sa.exc.DBAPIError, match=f"{table} is append-only"):
        db.session.execute(sa.text(change.format(table=table)))
    rollback()
    assert posted.problems() == []


def test_postgresql_refuses_to_truncate_the_journal(posted):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL has TRUNCATE")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        db.session.execute(sa.text("TRUNCATE journal_posting"))


@pytest.mark.parametrize(
    "sign", ["balance_minor = -1", "held_minor = -1", "held_minor = balance_minor + 1"]
)
def test_the_database_refuses_a_balance_under_its_floor(posted, sign):
    with pytest.raises(sa.exc.DBAPIError, match=r"ck_ledger_account_(floor|held)"):
        db.session.execute(
            sa.text(f"UPDATE ledger_account SET {sign} WHERE name = :name"), {"name": ALICE}
        )


@pytest.fixture
def unlocked(posted):
    """Take the triggers away, as somebody with the database's keys could, and put them back."""
    rollback()
    with db.engine.begin() as connection:
        dialect = connection.dialect.name
        for table in TABLES:
            for statement in append_only_ddl(table, dialect):
                if statement.startswith("CREATE TRIGGER"):
                    name = statement.split()[2]
                    on = f" ON {table}" if dialect == "postgresql" else ""
                    connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
    yield posted
    rollback()
    with db.engine.begin() as connection:
        dialect = connection.dialect.name
        for table in TABLES:
            for statement in append_only_ddl(table, dialect):
                if statement.startswith("CREATE TRIGGER"):
                    on = f" ON {table}" if dialect == "postgresql" else ""
                    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {statement.split()[2]}{on}")
                connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal_posting SET amount_minor = amount_minor + 1 WHERE seq = 2",
        f"UPDATE journal_posting SET destination = '{WORLD}' WHERE seq = 2",
        "UPDATE journal_entry SET key = 'other' WHERE seq = 2",
        "UPDATE journal_entry SET kind = 'other' WHERE seq = 2",
        'UPDATE journal_entry SET ref = \'[["payment", "7"]]\' WHERE seq = 2',
        "UPDATE journal_entry SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2",
        "UPDATE journal_entry SET reverses_id = id WHERE seq = 2",
        "UPDATE journal_entry SET input_hash = hash WHERE seq = 2",
        "UPDATE journal_entry SET currency = 'USD' WHERE seq = 2",
    ],
)
def test_a_changed_entry_breaks_the_chain(unlocked, change):
    if db.engine.dialect.name == "mysql":
        change = change.replace("SET key", "SET `key`")
    db.session.execute(sa.text(change))
    commit()
    assert any(line.startswith("I11") and "number 2" in line for line in unlocked.problems())


def test_a_removed_last_entry_is_missed(unlocked):
    for table in ("journal_posting", "journal_entry"):
        db.session.execute(sa.text(f"DELETE FROM {table} WHERE seq = 3"))
    commit()
    found = unlocked.problems()
    assert any("I11 the head" in line for line in found)
    assert any(line.startswith(f"I2 {BOB}") for line in found)


def test_a_removed_middle_entry_is_missed(unlocked):
    for table in ("journal_posting", "journal_entry"):
        db.session.execute(sa.text(f"DELETE FROM {table} WHERE seq = 2"))
    commit()
    assert any(line.startswith("I11 the hash chain breaks") for line in unlocked.problems())


def test_an_entry_without_postings_is_found(unlocked):
    db.session.execute(sa.text("DELETE FROM journal_posting WHERE seq = 2"))
    commit()
    assert any(line.startswith("I1") and "no postings" in line for line in unlocked.problems())


def test_a_balance_that_is_not_the_sum_of_its_postings_is_found(posted):
    change = sa.text(
        "UPDATE ledger_account SET balance_minor = balance_minor + 5 WHERE name = :name"
    )
    db.session.execute(change, {"name": ALICE})
    commit()
    assert posted.problems() == [
        f"I2 {ALICE} ETB: balance 605, postings 600",
        "I2 all ETB balances sum to 5, not 0",
    ]


def test_a_lost_balance_is_found(posted):
    db.session.execute(sa.text("DELETE FROM ledger_account WHERE name = :name"), {"name": BOB})
    commit()
    assert f"I2 {BOB} ETB has postings but no balance" in posted.problems()


def test_held_money_without_its_hold_is_found(posted):
    holds.hold("h", ALICE, 100)
    db.session.execute(sa.text("UPDATE ledger_hold SET amount_minor = 99"))
    commit()
    assert posted.problems() == [f"I3 {ALICE} ETB: held 100 does not match its holds"]


def test_an_open_hold_that_the_account_forgot_is_found(posted):
    holds.hold("h", ALICE, 100)
    db.session.execute(sa.text("UPDATE ledger_account SET held_minor = 0"))
    commit()
    assert posted.problems() == [f"I3 {ALICE} ETB: held 0 does not match its holds"]
