"""A journal that was proved, and short words for what somebody does to it."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel import marks
from crowdfund.kernel.db import db, rollback
from crowdfund.ledger.models import Head
from crowdfund.ledger.proof import accounts, again, news
from crowdfund.reports import service
from tests.ledger.conftest import ALICE, BOB, WORLD, Book
from tests.unlocking import run, unlocked

TABLES = ("journal_entry", "journal_posting")
ENTRIES = 9


@pytest.fixture
def book(app, frozen):
    yield Book()
    rollback()


@pytest.fixture
def proved(book):
    """Nine entries, all of them proved."""
    for number in range(ENTRIES):
        book.post(f"entry:{number}", (WORLD, ALICE, "10"), (ALICE, BOB, "1"))
    assert selfcheck() == []
    return book


@pytest.fixture
def small_steps(monkeypatch):
    """Take few entries and accounts at a time, so that a few rows need several steps."""
    monkeypatch.setattr(news, "CHUNK", 4)
    monkeypatch.setattr(again, "SLICE", 2)
    monkeypatch.setattr(accounts, "MOST_ACCOUNTS", 1)


def selfcheck():
    rollback()
    return service.selfcheck()


def runs_until_found(*, most):
    """Return how many runs it takes until one finds something, and what it finds."""
    for number in range(1, most + 1):
        if found := selfcheck():
            return number, found
    raise AssertionError(f"{most} runs found nothing")


def mark(name=news.MARK):
    rollback()
    found = marks.read(name)
    rollback()
    return found


def head():
    rollback()
    found = db.session.execute(sa.select(Head.seq, Head.hash)).one()
    rollback()
    return found


def tamper(*statements):
    """Change the journal although it refuses changes."""
    with unlocked(*TABLES):
        for statement in statements:
            assert run(statement) > 0, f"{statement} changed nothing"
