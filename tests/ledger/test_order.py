"""In which order the journal locks, reads and writes, and what it writes."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger import queries, rules
from crowdfund.ledger.models import Account, Entry, Head, Hold
from crowdfund.ledger.rules import Draft, Posting
from crowdfund.ledger.service import holds, posting

from .conftest import ALICE, BOB, ESCROW, WORLD


@pytest.fixture
def steps(book, monkeypatch):
    """Return what a verb does in turn: "head locked", or the table that it reads or changes."""
    done = []
    lock_head = posting._lock_head

    def lock(sql):
        done.append("head locked")
        return lock_head(sql)

    def hear(_connection, _cursor, statement, *_rest):
        names = [
            table.name
            for table in (Entry.__table__, Hold.__table__)
            if f" {table.name}" in statement
        ]
        done.extend(f"{name} read" for name in names)

    monkeypatch.setattr(posting, "_lock_head", lock)
    sa.event.listen(db.engine, "before_cursor_execute", hear)
    yield done
    sa.event.remove(db.engine, "before_cursor_execute", hear)


def test_a_reversal_waits_for_its_turn_before_it_looks_for_an_earlier_one(book, steps):
    """Otherwise two reversals of one entry, under two keys, would both find none."""
    entry_id = book.post("in", (WORLD, ALICE, "5"))
    steps.clear()
    posting.reverse("back", entry_id, reason="wrong person")
    assert steps[0] == "head locked"
    assert "journal_entry read" in steps


def test_every_verb_of_holds_waits_for_its_turn_first(book, steps):
    book.post("in", (WORLD, ALICE, "5"))
    ids = []
    verbs = (
        lambda: ids.extend(holds.hold(f"h{n}", ALICE, 100) for n in (1, 2)),
        lambda: holds.release_hold(ids[0]),
        lambda: holds.capture_hold(ids[1], "paid", WORLD, kind="payout"),
    )
    for verb in verbs:
        commit()
        steps.clear()
        verb()
        assert steps[0] == "head locked"
        assert steps[1] == "ledger_hold read"


def test_entries_are_numbered_without_a_gap_and_the_head_is_the_last_one(book):
    book.post("a", (WORLD, ALICE, "5"))
    drafts = [Draft(key, (Posting(WORLD, BOB, 100),), "t") for key in ("b", "c")]
    posting.post_many(drafts)
    commit()
    rows = db.session.execute(
        sa.select(Entry.seq, Entry.key, Entry.hash, Entry.at).order_by(Entry.seq)
    ).all()
    head = db.session.execute(sa.select(Head.seq, Head.hash)).one()
    assert [(row.seq, row.key) for row in rows] == [(1, "a"), (2, "b"), (3, "c")]
    assert {row.at for row in rows} == {clock.now()}
    assert tuple(head) == (3, rows[-1].hash)


def test_a_batch_of_nothing_posts_nothing(book):
    assert posting.post_many([]) == []
    commit()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Entry)) == 0


def test_money_that_goes_round_in_a_circle_is_in_the_journal_and_changes_no_balance(book):
    drafts = [
        Draft("there", (Posting(ALICE, BOB, 500),), "t"),
        Draft("back", (Posting(BOB, ALICE, 500),), "t"),
    ]
    assert len(set(posting.post_many(drafts))) == 2
    commit()
    assert book.balances(ALICE, BOB) == ["0.00", "0.00"]
    assert [entry.amount_minor for entry in queries.history(ALICE).rows] == [500, -500]
    assert book.problems() == []


def test_a_batch_may_have_several_currencies(book):
    drafts = [
        Draft("etb", (Posting(WORLD, ALICE, 500),), "t"),
        Draft("usd", (Posting(WORLD, ALICE, 700),), "t", "USD"),
    ]
    posting.post_many(drafts)
    commit()
    assert (queries.balance(ALICE), queries.balance(ALICE, "USD")) == (500, 700)
    with pytest.raises(rules.InsufficientFunds):
        posting.post("out", [Posting(ALICE, BOB, 501)], kind="t")
    rollback()
    assert book.problems() == []


def test_the_greatest_amount_is_posted(book):
    posting.post("k", [Posting(WORLD, ALICE, 10**15)], kind="t")
    commit()
    assert queries.balance(ALICE) == 10**15
    assert queries.balance(WORLD) == -(10**15)


def test_a_new_account_begins_at_zero_and_only_the_world_may_fall_under_it(book):
    book.post("in", (WORLD, ALICE, "5"))
    rows = db.session.execute(sa.select(Account.name, Account.held_minor, Account.has_floor)).all()
    assert {tuple(row) for row in rows} == {(WORLD, 0, False), (ALICE, 0, True)}


def test_a_reversal_says_what_it_reverses_in_the_currency_of_the_first(book):
    ref = {"payment": "p1"}
    first = posting.post(
        "in", [Posting(WORLD, ALICE, 500)], kind="payment", ref=ref, currency="USD"
    )
    mirror = queries.entry(posting.reverse("back", first, reason="wrong person"))
    assert (mirror.kind, mirror.currency, mirror.reverses_id) == (
        "payment.reversed",
        "USD",
        first,
    )
    assert mirror.ref == {"payment": "p1", "reverses": first, "reason": "wrong person"}


def test_all_that_is_free_can_be_held_and_not_a_unit_more(book):
    book.post("in", (WORLD, ALICE, "5"))
    holds.hold("first", ALICE, 300)
    with pytest.raises(rules.InsufficientFunds, match="Nothing was moved"):
        holds.hold("second", ALICE, 201)
    rollback()
    holds.hold("first", ALICE, 300)
    holds.hold("second", ALICE, 200)
    commit()
    assert (queries.balance(ALICE), queries.available(ALICE)) == (500, 0)


@pytest.mark.parametrize("amount", [0, -1, True, 10**15 + 1])
def test_only_an_amount_can_be_held(book, amount):
    with pytest.raises(ValueError, match="positive integer"):
        holds.hold("h", ALICE, amount)


def test_a_hold_sets_aside_money_of_its_account_and_currency_alone(book):
    for name in (ALICE, BOB):
        for currency in ("ETB", "USD"):
            posting.post(
                f"{name}{currency}", [Posting(WORLD, name, 500)], kind="t", currency=currency
            )
    one, two = (
        holds.hold("one", ALICE, 200, currency="USD"),
        holds.hold("two", ALICE, 100, currency="USD"),
    )

    def free():
        commit()
        return [
            queries.available(name, currency)
            for name in (ALICE, BOB)
            for currency in ("ETB", "USD")
        ]

    assert free() == [500, 200, 500, 500]
    holds.release_hold(one)
    assert free() == [500, 400, 500, 500]
    holds.capture_hold(two, "paid", BOB, kind="t")
    assert free() == [500, 400, 500, 600]
    assert queries.balance(ALICE, "USD") == 400


def test_a_hold_is_kept_with_its_moment_and_its_capture_names_it(book):
    book.post("in", (WORLD, ALICE, "5"))
    hold_id = holds.hold("h", ALICE, 500)
    entry = queries.entry(holds.capture_hold(hold_id, "paid", ESCROW, kind="payout"))
    found = db.session.get(Hold, hold_id)
    assert (found.created_at, found.status, found.capture_key) == (clock.now(), "captured", "paid")
    assert (entry.key, entry.kind, entry.ref) == ("paid", "payout", {"hold": hold_id})


def test_a_captured_hold_is_not_captured_to_another_place(book):
    book.post("in", (WORLD, ALICE, "5"))
    hold_id = holds.hold("h", ALICE, 500)
    holds.capture_hold(hold_id, "paid", ESCROW, kind="payout")
    commit()
    with pytest.raises(rules.KeyReused):
        holds.capture_hold(hold_id, "paid", BOB, kind="payout")
    rollback()
    assert book.balances(ESCROW, BOB) == ["5.00", "0.00"]
