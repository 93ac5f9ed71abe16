"""Idempotency, refusals that move nothing, and many hands at once."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db import commit, db, reading, rollback
from crowdfund.ledger import queries, rules
from crowdfund.ledger.models import Entry, PostingRow
from crowdfund.ledger.rules import Draft, Posting
from crowdfund.ledger.service import holds, posting
from tests.together import at_once

from .conftest import ALICE, BOB, ESCROW, WORLD


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_the_same_key_with_the_same_input_is_the_same_entry(book):
    first = book.post("k", (WORLD, ALICE, "10"))
    assert book.post("k", (WORLD, ALICE, "10")) == first
    assert (book.balances(ALICE), count(Entry), count(PostingRow)) == (["10.00"], 1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"postings": [Posting(WORLD, ALICE, 1001)]},
        {"postings": [Posting(WORLD, BOB, 1000)]},
        {"postings": [Posting(WORLD, ALICE, 500), Posting(WORLD, ALICE, 500)]},
        {"kind": "other"},
        {"currency": "USD"},
        {"ref": {"payment": "2"}},
    ],
)
def test_the_same_key_with_another_input_is_refused_and_changes_nothing(book, other):
    book.post("k", (WORLD, ALICE, "10"))
    wanted = {"postings": [Posting(WORLD, ALICE, 1000)], "kind": "test"} | other
    with pytest.raises(rules.KeyReused, match="Nothing was changed"):
        posting.post("k", **wanted)
    commit()  # even if somebody swallowed the refusal
    assert (book.balances(ALICE, BOB), count(Entry)) == (["10.00", "0.00"], 1)
    assert book.problems() == []


def test_too_little_money_moves_nothing_even_if_the_refusal_is_swallowed(book):
    book.post("in", (WORLD, ALICE, "10"))
    moves = [Posting(WORLD, BOB, 1), Posting(ALICE, ESCROW, 1001)]
    with pytest.raises(rules.InsufficientFunds, match="Nothing was moved"):
        posting.post("out", moves, kind="test")
    commit()
    assert book.balances(WORLD, ALICE, BOB, ESCROW) == ["-10.00", "10.00", "0.00", "0.00"]
    assert count(Entry) == 1
    assert book.problems() == []


def test_held_money_is_not_moved_even_if_the_refusal_is_swallowed(book):
    book.post("in", (WORLD, ALICE, "10"))
    holds.hold("h", ALICE, 900)
    with pytest.raises(rules.InsufficientFunds):
        posting.post("out", [Posting(WORLD, BOB, 1), Posting(ALICE, ESCROW, 101)], kind="test")
    commit()
    assert book.balances(WORLD, ALICE, BOB, ESCROW) == ["-10.00", "10.00", "0.00", "0.00"]
    assert book.problems() == []


def test_an_account_without_history_has_nothing_to_give(book):
    with pytest.raises(rules.InsufficientFunds):
        book.post("out", (ALICE, BOB, "0.01"))
    commit()
    assert (count(Entry), book.problems()) == (0, [])


def test_a_batch_is_all_or_nothing(book):
    book.post("in", (WORLD, ALICE, "10"))
    good, bad = (
        Draft("a", (Posting(ALICE, BOB, 500),), "t"),
        Draft("b", (Posting(ALICE, BOB, 501),), "t"),
    )
    with pytest.raises(rules.InsufficientFunds):
        posting.post_many([good, bad])
    commit()
    assert (book.balances(ALICE, BOB), count(Entry)) == (["10.00", "0.00"], 1)


def test_a_batch_is_judged_by_its_end(book):
    drafts = [
        Draft("out", (Posting(ALICE, BOB, 500),), "t"),
        Draft("in", (Posting(WORLD, ALICE, 500),), "t"),
    ]
    posting.post_many(drafts)
    commit()
    assert (book.balances(ALICE, BOB), book.problems()) == (["0.00", "5.00"], [])


def test_a_batch_returns_ids_in_order_and_knows_repeats_inside_and_before(book):
    known = posting.post("a", [Posting(WORLD, ALICE, 100)], kind="t")
    a, b = (
        Draft("a", (Posting(WORLD, ALICE, 100),), "t"),
        Draft("b", (Posting(WORLD, ALICE, 50),), "t"),
    )
    ids = posting.post_many([b, a, b])
    assert (ids[1], ids[0] == ids[2], len(set(ids))) == (known, True, 2)
    commit()
    assert book.balances(ALICE) == ["1.50"]
    with pytest.raises(rules.KeyReused):
        posting.post_many([Draft("c", a.postings, "t"), Draft("c", b.postings, "t")])


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, 1.5, True, "10", None])
def test_what_is_no_positive_integer_is_not_posted(book, amount):
    with pytest.raises(ValueError, match="positive integer"):
        posting.post("k", [Posting(WORLD, ALICE, amount)], kind="t")


@pytest.mark.parametrize(
    "account", ["user:Alice:wallet", "user:a", "", "platform:fee ", "x" * 90, "user:é:wallet"]
)
def test_accounts_outside_the_chart_do_not_exist(book, account):
    with pytest.raises(ValueError, match="chart of accounts"):
        posting.post("k", [Posting(WORLD, account, 1)], kind="t")


def test_an_entry_needs_a_posting_between_two_accounts(book):
    with pytest.raises(ValueError, match="needs a posting"):
        posting.post("k", [], kind="t")
    with pytest.raises(ValueError, match="same account"):
        posting.post("k", [Posting(ALICE, ALICE, 1)], kind="t")


def test_nothing_is_posted_while_reading(app):
    with reading(), pytest.raises(RuntimeError, match="must not write"):
        posting.post("k", [Posting(WORLD, ALICE, 1)], kind="t")
    rollback()
    assert count(Entry) == 0


def test_eight_hands_on_the_same_accounts_lose_nothing_and_never_block_each_other(app, book):
    book.post("open", (WORLD, ALICE, "1000"), (WORLD, BOB, "1000"))

    def hand(number):
        def work():
            for turn in range(10):
                there, back = (ALICE, BOB) if number % 2 else (BOB, ALICE)
                posting.post(f"{number}:{turn}", [Posting(there, back, 100 + number)], kind="t")
                commit()
                hold_id = holds.hold(f"{number}:{turn}", there, 7)
                if turn % 2:
                    holds.capture_hold(hold_id, f"{number}:{turn}:c", back, kind="t")
                else:
                    holds.release_hold(hold_id)
                commit()
            return "done"

        return work

    assert at_once(app, [hand(number) for number in range(8)]) == ["done"] * 8
    # odd hands moved 10 × (101+103+105+107) from alice, even ones 10 × (100+102+104+106) to her;
    # captures of 7: four hands × five each way cancel out
    assert book.balances(ALICE, BOB) == ["999.60", "1000.40"]
    assert book.problems() == []


def test_of_many_who_want_the_last_coin_exactly_one_gets_it(app, book):
    book.post("open", (WORLD, ALICE, "1"))
    works = [
        lambda n=n: posting.post(f"grab:{n}", [Posting(ALICE, BOB, 100)], kind="t")
        for n in range(8)
    ]
    outcomes = at_once(app, works)
    assert sum(isinstance(one, rules.InsufficientFunds) for one in outcomes) == 7
    assert sum(isinstance(one, str) for one in outcomes) == 1
    assert (book.balances(ALICE, BOB), book.problems()) == (["0.00", "1.00"], [])


def test_the_same_key_from_many_hands_is_one_entry(app, book):
    outcomes = at_once(app, [lambda: posting.post("k", [Posting(WORLD, ALICE, 5)], kind="t")] * 8)
    assert len(set(outcomes)) == 1
    assert book.balances(ALICE) == ["0.05"]


def test_a_reversal_from_many_hands_happens_once(app, book):
    entry_id = book.post("in", (WORLD, ALICE, "5"))
    works = [lambda n=n: posting.reverse(f"r{n}", entry_id, reason="x") for n in range(6)]
    outcomes = at_once(app, works)
    assert sum(isinstance(one, str) for one in outcomes) == 1
    assert sum(getattr(one, "code", "") == "conflict" for one in outcomes) == 5
    assert queries.balance(ALICE) == 0
