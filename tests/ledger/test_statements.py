"""The statement of a wallet: opening balance, lines and closing balance add up, in PDF and CSV."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.kernel import i18n
from crowdfund.kernel.db import commit, new_id, rollback
from crowdfund.ledger import queries, rules, statements
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from tests import raising
from tests.ledger.conftest import WORLD
from tests.receipts import text_of


def put(account, amount):
    move = Posting(WORLD, account, amount) if amount > 0 else Posting(account, WORLD, -amount)
    posting.post(new_id(), [move], kind="test")
    commit()


@pytest.fixture
def alice(app, frozen):
    """Alice has a posting on each of three days: +1000.00, -300.00, +50.50."""
    person = raising.person("alice")
    for amount in (1_000_00, -300_00, 50_50):
        put(rules.user_wallet(person), amount)
        frozen.advance(timedelta(days=1))
    return person


def test_the_statement_of_some_days_begins_with_what_was_there_before(app, alice):
    browser = raising.browser(app, alice)
    whole = text_of(browser.get("/wallet/statement.pdf").data)
    for part in ("Opening balance 0.00 ETB", "+1,000.00 ETB", "Closing balance 750.50 ETB"):
        assert part in whole
    answer = browser.get("/wallet/statement.pdf?from=2026-06-16&to=2026-06-16")
    assert answer.mimetype == "application/pdf"
    some = text_of(answer.data)
    assert "Opening balance 1,000.00 ETB" in some
    assert "Closing balance 700.00 ETB" in some
    assert "+1,000.00" not in some
    lines = browser.get("/wallet.csv?from=2026-06-16&to=2026-06-16").text.splitlines()
    assert len(lines) == 2
    assert "-300.00,700.00" in lines[1]
    assert len(browser.get("/wallet.csv").text.splitlines()) == 4


def test_days_that_are_no_days_are_refused_with_a_sentence(app, alice):
    browser = raising.browser(app, alice)
    for query in ("from=x", "to=2026-02-30", "from=2026-06-17&to=2026-06-16"):
        for path in ("/wallet/statement.pdf", "/wallet.csv"):
            answer = browser.get(f"{path}?{query}")
            assert (answer.status_code, answer.mimetype) == (422, "text/html"), query


def test_a_period_without_postings_says_so(app, alice):
    answer = raising.browser(app, alice).get("/wallet/statement.pdf?from=2026-07-01")
    text = text_of(answer.data)
    assert "There are no postings in this period." in text
    assert "Opening balance 750.50 ETB" in text


@pytest.mark.parametrize("language", ["am", "hi"])
def test_a_statement_is_written_in_every_language(app, alice, language):
    with i18n.using(language):
        content = statements.write(
            rules.user_wallet(alice), "አበበ कमला #panic()" + "a" * 99, None, None
        )
    assert "#panic()" in text_of(content).replace(" ", "").replace("\u200b", "")


def test_a_statement_that_would_be_too_long_is_refused(app, alice, monkeypatch):
    monkeypatch.setattr(statements, "MOST_LINES", 2)
    answer = raising.browser(app, alice).get("/wallet/statement.pdf")
    assert (answer.status_code, "shorter period" in answer.text) == (422, True)


@given(
    steps=st.lists(st.tuples(st.integers(1, 900), st.integers(0, 30)), max_size=8),
    first=st.integers(0, 60),
    days=st.integers(0, 60),
)
def test_opening_and_lines_are_the_closing_balance_for_any_days(app, frozen, steps, first, days):
    rollback()
    account = rules.user_wallet(new_id())
    begin, moments = frozen.now(), []
    for amount, later in steps:
        frozen.advance(timedelta(hours=later))
        put(account, amount)
        moments.append((frozen.now(), amount))
    since = begin + timedelta(hours=first)
    until = since + timedelta(hours=days)
    found = queries.statement(account, since, until, most=100)
    before = sum(amount for at, amount in moments if at < since)
    within = [amount for at, amount in moments if since <= at < until]
    assert found.opening_minor == before
    assert [line.amount_minor for line in found.lines] == within
    assert found.closing_minor == before + sum(within)
