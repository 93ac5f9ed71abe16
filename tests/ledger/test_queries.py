"""History in pages with running balances, and the CSV that a bookkeeper adds up."""

import csv
import io
from itertools import pairwise

import pytest

from crowdfund.kernel.db import commit
from crowdfund.kernel.db.paging import START
from crowdfund.ledger import queries, rules
from crowdfund.people import service
from tests import raising

from .conftest import ALICE, BOB, WORLD


@pytest.fixture
def busy(book):
    """Alice gets 1, 2, … 12 birr and gives 1 birr to bob after each third."""
    for number in range(1, 13):
        book.post(f"in:{number}", (WORLD, ALICE, str(number)))
        if number % 3 == 0:
            book.post(f"out:{number}", (ALICE, BOB, "1"), (ALICE, BOB, "0.50"))
    return book


def test_history_runs_backwards_from_the_balance(busy):
    lines = queries.history(ALICE).rows
    assert len(lines) == 12 + 8
    assert lines[0].balance_minor == queries.balance(ALICE) == 78_00 - 6_00
    for newer, older in pairwise(lines):
        assert newer.balance_minor - newer.amount_minor == older.balance_minor
    assert lines[-1].balance_minor == lines[-1].amount_minor == 1_00
    assert [lines[0].counterpart, lines[2].counterpart] == [BOB, WORLD]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 19, 20, 21])
def test_pages_join_without_a_seam_even_inside_an_entry(busy, size):
    whole, found, place = queries.history(ALICE), [], START
    while place is not None:
        page = queries.history(ALICE, place=place, size=size)
        found, place = found + page.rows, page.next
    assert found == whole.rows


def test_an_account_without_postings_has_no_history_and_no_balance(book):
    assert (queries.history(ALICE).rows, queries.balance(ALICE), queries.available(ALICE)) == (
        [],
        0,
        0,
    )


def test_entries_are_found_by_what_their_key_says(busy):
    found = queries.entries_with_key_prefix("out", "3")
    assert found == []
    busy.post("payment:7:settled", (WORLD, ALICE, "1"))
    busy.post("payment:77:settled", (WORLD, ALICE, "1"))
    assert [entry.key for entry in queries.entries_with_key_prefix("payment", "7")] == [
        "payment:7:settled"
    ]
    assert queries.entries_with_key_prefix("payment", "%") == []


@pytest.fixture
def owner(book):
    person_id = service.ensure_user("alice@example.com", "Alice A")
    commit()
    wallet = rules.user_wallet(person_id)
    for number in range(30):
        book.post(f"in:{number}", (WORLD, wallet, f"{number + 1}.05"))
    book.post("out", (wallet, BOB, "7.77"))
    return person_id


def test_the_csv_adds_up_to_the_balance(app, owner):
    answer = raising.sign_in(app.test_client(), owner).get("/wallet.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    cents = [int(row["amount"].replace(".", "")) for row in rows]
    assert len(rows) == 31
    assert sum(cents) == queries.balance(rules.user_wallet(owner))
    assert rows[0]["balance"] == "458.73"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="wallet.csv"'


def test_the_wallet_page_leads_to_older_postings_and_shows_only_ones_own(app, owner):
    stranger = service.ensure_user("bob@example.com", "Bob B")
    commit()
    page = raising.sign_in(app.test_client(), owner).get("/wallet")
    assert "458.73" in page.text
    assert "before=" in page.text
    other = raising.sign_in(app.test_client(), stranger).get("/wallet")
    assert "Nothing here yet" in other.text
    assert "458.73" not in other.text


@pytest.mark.parametrize(
    "before", ["x", "1", "-1--1", "٣-٠", "9" * 30 + "-0", "1-0<script>", "1-2147483648"]
)
def test_a_strange_page_cursor_is_ignored_or_empty_but_never_an_error(app, owner, before):
    answer = raising.sign_in(app.test_client(), owner).get(
        "/wallet", query_string={"before": before}
    )
    assert answer.status_code == 200


def test_staff_follow_a_number_from_account_to_entry(app, owner):
    auditor = service.ensure_user("rita@example.com", "Rita R", roles=["regulator"])
    commit()
    client, wallet = raising.sign_in(app.test_client(), auditor), rules.user_wallet(owner)
    assert wallet in client.get("/staff/journal").text
    account = client.get(f"/staff/journal/{wallet}").text
    entry_id = queries.history(wallet, size=1).rows[0].entry_id
    assert f"/staff/entries/{entry_id}" in account
    assert "7.77" in client.get(f"/staff/entries/{entry_id}").text
    assert client.get("/staff/journal/no-such-account").status_code == 404
    assert client.get(f"/staff/entries/{'0' * 32}").status_code == 404
    assert raising.sign_in(app.test_client(), owner).get("/staff/journal").status_code == 403
