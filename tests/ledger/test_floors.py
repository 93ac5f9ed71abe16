"""Floors and holds that were changed in the database: no money leaves, the proof names them."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger.rules import InsufficientFunds
from crowdfund.ledger.service import holds
from tests.unlocking import run

from .conftest import ALICE, BOB, WORLD


def test_a_floor_put_under_the_outside_world_stops_the_entry_and_moves_nothing(book):
    book.post("in", (WORLD, ALICE, "10"))
    book.post("out", (ALICE, WORLD, "10"))
    run(f"UPDATE ledger_account SET has_floor = {truth(True)} WHERE name = '{WORLD}'")
    with pytest.raises(InsufficientFunds, match="Nothing was moved"):
        book.post("again", (WORLD, ALICE, "10"))
    assert book.balances(WORLD, ALICE) == ["0.00", "0.00"]
    assert book.problems() == []


def test_a_balance_under_its_floor_is_named_although_its_floor_was_taken_away(book):
    book.post("one", (WORLD, ALICE, "10"))
    run(
        f"UPDATE ledger_account SET has_floor = {truth(False)}, balance_minor = -1"
        f" WHERE name = '{ALICE}'"
    )
    found = book.problems()
    assert f"I3 {ALICE} ETB is under its floor: -1" in found
    assert f"I3 {ALICE} ETB has lost its floor" in found


def test_less_than_what_is_held_is_under_the_floor_too(book):
    book.post("one", (WORLD, ALICE, "10"))
    holds.hold("h", ALICE, 600)
    commit()
    run(
        f"UPDATE ledger_account SET has_floor = {truth(False)}, balance_minor = 599"
        f" WHERE name = '{ALICE}'"
    )
    assert f"I3 {ALICE} ETB is under its floor: 599" in book.problems()


def test_the_world_may_owe_and_is_under_no_floor(book):
    book.post("one", (WORLD, ALICE, "10"))
    assert book.balances(WORLD) == ["-10.00"]
    assert book.problems() == []


def test_a_hold_whose_account_is_gone_is_named(book):
    book.post("one", (WORLD, ALICE, "10"), (WORLD, BOB, "10"))
    holds.hold("a", ALICE, 100)
    holds.hold("b", BOB, 200)
    commit()
    run(f"DELETE FROM ledger_account WHERE name = '{BOB}'")
    found = [line for line in book.problems() if line.startswith("I3")]
    assert found == [f"I3 {BOB} ETB has holds but no balance"]


def truth(value):
    """Return a truth value as this database writes it."""
    rollback()
    return (sa.true() if value else sa.false()).compile(db.engine)
