"""Pages of an account: every posting once, each with the balance that a plain sum gives."""

import re

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.kernel.db.paging import START, Place
from crowdfund.ledger import edges, queries
from crowdfund.ledger.edges import Edge
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.people import service
from tests import raising

from .conftest import ALICE, BOB, WORLD

# An entry: postings (from, to, amount) of one currency; alice's account never falls under zero.
MOVES = st.lists(
    st.tuples(
        st.sampled_from([(WORLD, ALICE), (WORLD, BOB), (ALICE, BOB), (BOB, ALICE)]),
        st.integers(1, 99),
    ),
    min_size=1,
    max_size=4,
)
ENTRIES = st.lists(st.tuples(st.sampled_from(["ETB", "ETB", "USD"]), MOVES), max_size=8)


def post(currency, moves):
    """Post an entry, with enough money before it."""
    seed = [Posting(WORLD, name, 1_000) for name in (ALICE, BOB)]
    rows = [Posting(*sides, amount) for sides, amount in moves]
    posting.post(new_id(), [*seed, *rows], kind="test", currency=currency)


def naive(account, currency="ETB"):
    """Return (entry number, posting number, balance after it), newest first, by plain addition."""
    query = sa.text(
        "SELECT p.seq, p.n, p.source, p.amount_minor FROM journal_posting p"
        " JOIN journal_entry e ON e.seq = p.seq"
        " WHERE e.currency = :currency AND (p.source = :name OR p.destination = :name)"
        " ORDER BY p.seq, p.n"
    )
    balance, found = 0, []
    for seq, n, source, amount in db.session.execute(
        query, {"name": account, "currency": currency}
    ):
        balance += -amount if source == account else amount
        found.append((seq, n, balance))
    return found[::-1]


def shown(page):
    return [(line.seq, line.n, line.balance_minor) for line in page.rows]


def walk(size, place=START, to="next", between=lambda: None, currency="ETB"):
    """Return the pages from a place on, and the place of the last one."""
    pages, last = [], place
    while place is not None:
        page = queries.history(ALICE, currency=currency, place=place, size=size)
        pages, last, place = [*pages, shown(page)], place, getattr(page, to)
        between()
    return pages, last


def flat(pages):
    return [line for page in pages for line in page]


@given(entries=ENTRIES, size=st.integers(1, 6), currency=st.sampled_from(["ETB", "USD"]))
def test_pages_on_and_back_hold_each_posting_once_with_its_running_balance(
    app, entries, size, currency
):
    for entry in entries:
        post(*entry)
    wanted = naive(ALICE, currency)
    onward, last = walk(size, currency=currency)
    assert flat(onward) == wanted
    backward, _first = walk(size, last, "previous", currency=currency)
    assert flat(reversed(backward)) == wanted
    assert not wanted or wanted[0][2] == queries.balance(ALICE, currency)
    rollback()


@given(entries=ENTRIES, new=ENTRIES, size=st.integers(1, 5))
def test_what_is_posted_between_two_looks_changes_no_line_below(app, entries, new, size):
    for entry in entries:
        post(*entry)
    before, coming = naive(ALICE), list(new)
    pages, last = walk(size, between=lambda: post(*coming.pop()) if coming else None)
    assert flat(pages) == before
    upward, _first = walk(size, last, "previous")
    if len(pages) > 1:
        assert flat(reversed(upward)) == naive(ALICE)
    rollback()


@pytest.fixture
def busy(book):
    for number in range(1, 13):
        book.post(f"in:{number}", (WORLD, ALICE, str(number)))
        book.post(f"gift:{number}", (WORLD, BOB, str(number)))
    return queries.history(ALICE, size=5)


def test_a_place_shows_no_balance_that_never_was(busy):
    first, honest = shown(busy), busy.next.before
    seq, n, balance, seal = honest.split(".")
    forged = [
        f"{seq}.{n}.{int(balance) + 1}.{seal}",
        f"{int(seq) - 1}.{n}.{balance}.{seal}",
        f"{seq}.{n}.{balance}",
        f"{seq}.{n}.{balance}.",
        f"{seq}.{n}.{balance}.{'0' * 32}",
        f"{seq}-{n}",
        "x",
        "ሀ",
        "\0",
    ]
    for text in forged:
        for place in (Place(before=text), Place(after=text)):
            assert shown(queries.history(ALICE, place=place, size=5)) == first
    assert shown(queries.history(ALICE, place=Place(before=honest), size=5)) == naive(ALICE)[5:10]


def test_a_place_is_of_one_account_and_one_currency(busy):
    assert shown(queries.history(BOB, place=busy.next, size=5)) == naive(BOB)[:5]
    assert queries.history(ALICE, currency="USD", place=busy.next, size=5).rows == []


def test_a_place_outlives_a_change_of_the_secret_key(busy):
    settings = config.settings()
    text = edges.write(ALICE, "ETB", Edge(7, 0, 100))
    with_old = {
        "secret_key": "another key of some length",
        "secret_key_fallbacks": [settings.secret_key],
    }
    config.use(settings.model_copy(update=with_old))
    assert edges.read(ALICE, "ETB", text) == Edge(7, 0, 100)
    config.use(settings.model_copy(update={"secret_key": "another key of some length"}))
    assert edges.read(ALICE, "ETB", text) is None


def test_no_page_adds_up_what_lies_above_it(busy):
    statements = []
    note = lambda _c, _cursor, text, *_rest: statements.append(text)  # noqa: E731
    sa.event.listen(db.engine, "before_cursor_execute", note)
    queries.history(ALICE, place=busy.next, size=5)
    sa.event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) == 1
    assert "sum(" not in statements[0].lower()
    assert statements[0].lower().count("limit") == 3  # each side, and both together


def test_the_pages_of_a_wallet_lead_on_and_back(app, book):
    person_id = service.ensure_user("alice@example.com", "Alice A")
    for number in range(60):
        book.post(f"in:{number}", (WORLD, f"user:{person_id}:wallet", "1"))
    commit()
    browser = raising.sign_in(app.test_client(), person_id)

    def follow(page, way):
        link = re.search(rf'rel="{way}" href="([^"]+)"', page.text)
        return browser.get(link[1].replace("&amp;", "&")) if link else None

    def balances(page):
        return re.findall(
            r'data-label="Balance after" class="num">.*?(\d+\.\d\d)', page.text, re.DOTALL
        )

    first = browser.get("/wallet")
    second = follow(first, "next")
    third = follow(second, "next")
    found = balances(first) + balances(second) + balances(third)
    assert found == [f"{number}.00" for number in range(60, 0, -1)]
    assert follow(third, "next") is None
    assert balances(follow(third, "prev")) == balances(second)
    assert balances(follow(follow(third, "prev"), "prev")) == balances(first)
