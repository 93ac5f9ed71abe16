"""Worked examples that a bookkeeper can check line by line."""

import pytest

from crowdfund.kernel import money
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.ledger import queries, rules
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import holds, posting

from .conftest import ALICE, BOB, CLEARING, COMPANY, ESCROW, WORLD


def invest(book, number, amount):
    book.post(f"payment:{number}:succeeded", (WORLD, CLEARING, amount))
    book.post(f"payment:{number}:settled", (CLEARING, ESCROW, amount))


def test_an_investment_by_gateway_goes_from_the_world_through_clearing_into_escrow(book):
    book.post("payment:1:succeeded", (WORLD, CLEARING, "1,250.50"))
    assert book.balances(WORLD, CLEARING, ESCROW) == ["-1250.50", "1250.50", "0.00"]
    book.post("payment:1:settled", (CLEARING, ESCROW, "1,250.50"))
    assert book.balances(WORLD, CLEARING, ESCROW) == ["-1250.50", "0.00", "1250.50"]
    assert book.problems() == []


def test_a_release_pays_the_company_and_floors_the_fee_of_two_and_a_half_percent(book):
    invest(book, 1, "1000.01")
    invest(book, 2, "333.33")
    raised = 133_334  # 2.5 % of 1,333.34 is 33.3335: the fee is 33.33, the rest goes to the company
    fee = money.fee(raised, 250)
    net = money.decimal_str(raised - fee)
    book.post(
        "campaign:c1:released",
        (ESCROW, COMPANY, net),
        (ESCROW, rules.PLATFORM_FEE, money.decimal_str(fee)),
    )
    assert book.balances(ESCROW, COMPANY, rules.PLATFORM_FEE, WORLD) == [
        "0.00",
        "1300.01",
        "33.33",
        "-1333.34",
    ]
    assert book.problems() == []


def test_a_failed_campaign_returns_to_everybody_exactly_what_they_paid(book):
    invest(book, 1, "700")
    invest(book, 2, "0.01")
    book.post("investment:1:returned", (ESCROW, ALICE, "700"))
    book.post("investment:2:returned", (ESCROW, BOB, "0.01"))
    assert book.balances(ESCROW, ALICE, BOB, WORLD) == ["0.00", "700.00", "0.01", "-700.01"]
    assert book.problems() == []


def test_a_reversal_is_a_mirrored_entry_and_leaves_the_first_as_it_was(book):
    entry_id = book.post("gift", (WORLD, ALICE, "30"), (ALICE, BOB, "10"))
    mirror_id = posting.reverse("gift:back", entry_id, reason="wrong person")
    commit()
    assert book.balances(WORLD, ALICE, BOB) == ["0.00", "0.00", "0.00"]
    first, mirror = queries.entry(entry_id), queries.entry(mirror_id)
    assert [(p.source, p.destination, p.amount_minor) for p in first.postings] == [
        (WORLD, ALICE, 3000),
        (ALICE, BOB, 1000),
    ]
    assert [(p.source, p.destination, p.amount_minor) for p in mirror.postings] == [
        (BOB, ALICE, 1000),
        (ALICE, WORLD, 3000),
    ]
    assert mirror.ref == {"reverses": entry_id, "reason": "wrong person"}
    assert book.problems() == []


def test_an_entry_is_reversed_once_and_the_same_key_returns_the_same_mirror(book):
    entry_id = book.post("gift", (WORLD, ALICE, "30"))
    mirror_id = posting.reverse("back", entry_id, reason="r")
    assert posting.reverse("back", entry_id, reason="r") == mirror_id
    with pytest.raises(Conflict, match="already been reversed"):
        posting.reverse("again", entry_id, reason="r")
    with pytest.raises(NotFound):
        posting.reverse("nothing", "0" * 32, reason="r")
    commit()
    assert book.balances(ALICE) == ["0.00"]


def test_what_was_spent_already_cannot_be_reversed(book):
    entry_id = book.post("in", (WORLD, ALICE, "30"))
    book.post("out", (ALICE, BOB, "1"))
    with pytest.raises(rules.InsufficientFunds):
        posting.reverse("back", entry_id, reason="r")
    rollback()
    assert book.balances(ALICE, BOB) == ["29.00", "1.00"]


def test_held_money_cannot_be_spent_until_it_is_let_go(book):
    book.post("in", (WORLD, ALICE, "100"))
    hold_id = holds.hold("payout:1", ALICE, 80_00)
    commit()
    assert (queries.balance(ALICE), queries.available(ALICE)) == (100_00, 20_00)
    with pytest.raises(rules.InsufficientFunds):
        book.post("too much", (ALICE, BOB, "20.01"))
    rollback()
    holds.release_hold(hold_id)
    holds.release_hold(hold_id)
    commit()
    book.post("now it goes", (ALICE, BOB, "100"))
    assert book.balances(ALICE, BOB) == ["0.00", "100.00"]
    assert book.problems() == []


def test_a_captured_hold_is_paid_once(book):
    book.post("in", (WORLD, ALICE, "100"))
    hold_id = holds.hold("payout:1", ALICE, 80_00)
    first = holds.capture_hold(hold_id, "payout:1:paid", WORLD, kind="payout")
    assert holds.capture_hold(hold_id, "payout:1:paid", WORLD, kind="payout") == first
    commit()
    assert (queries.balance(ALICE), queries.available(ALICE)) == (20_00, 20_00)
    with pytest.raises(Conflict, match="already been captured"):
        holds.release_hold(hold_id)
    assert book.problems() == []


def test_a_capture_under_another_key_does_not_pay_again(book):
    book.post("in", (WORLD, ALICE, "100"))
    hold_id = holds.hold("payout:1", ALICE, 40_00)
    holds.capture_hold(hold_id, "first", WORLD, kind="payout")
    commit()
    with pytest.raises(Conflict, match="already been captured"):
        holds.capture_hold(hold_id, "second", WORLD, kind="payout")
    rollback()
    assert book.balances(ALICE) == ["60.00"]


def test_a_released_hold_cannot_be_captured(book):
    book.post("in", (WORLD, ALICE, "100"))
    hold_id = holds.hold("payout:1", ALICE, 80_00)
    holds.release_hold(hold_id)
    with pytest.raises(Conflict, match="no longer on hold"):
        holds.capture_hold(hold_id, "k", WORLD, kind="payout")
    with pytest.raises(NotFound):
        holds.release_hold("0" * 32)


def test_a_hold_key_holds_once_and_refuses_other_figures(book):
    book.post("in", (WORLD, ALICE, "100"))
    hold_id = holds.hold("payout:1", ALICE, 60_00)
    assert holds.hold("payout:1", ALICE, 60_00) == hold_id
    assert queries.available(ALICE) == 40_00
    for other in ({"amount_minor": 1, "account": ALICE}, {"amount_minor": 60_00, "account": BOB}):
        with pytest.raises(rules.KeyReused):
            holds.hold("payout:1", **other)
    with pytest.raises(rules.KeyReused):
        holds.hold("payout:1", ALICE, 60_00, currency="USD")
    with pytest.raises(rules.InsufficientFunds):
        holds.hold("payout:2", ALICE, 40_01)


def test_currencies_never_mix(book):
    posting.post("usd", [Posting(WORLD, ALICE, 5_00)], kind="test", currency="USD")
    commit()
    assert (queries.balance(ALICE), queries.balance(ALICE, "USD")) == (0, 5_00)
    with pytest.raises(rules.InsufficientFunds):
        book.post("etb", (ALICE, BOB, "1"))
    rollback()
    assert [line.amount_minor for line in queries.history(ALICE, currency="USD").rows] == [5_00]
    assert queries.history(ALICE).rows == []
    assert book.problems() == []
