"""Postings that move nothing: the tables refuse them, and the proof names those that got in."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db import db, rollback
from tests.unlocking import unlocked

from .conftest import ALICE, BOB, WORLD

CHANGES = ["amount_minor = 0", "amount_minor = -400", f"destination = '{ALICE}'"]


@pytest.fixture
def posted(book):
    book.post("one", (WORLD, ALICE, "10"))
    book.post("two", (ALICE, BOB, "4"))
    assert book.problems() == []
    return book


@pytest.mark.parametrize("change", CHANGES)
def test_the_table_refuses_a_posting_that_moves_nothing(posted, change):
    with unlocked("journal_posting"):
        with pytest.raises(sa.exc.DBAPIError, match="ck_journal_posting"):
            db.session.execute(sa.text(f"UPDATE journal_posting SET {change} WHERE seq = 2"))
        rollback()
    assert posted.problems() == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_posting_that_moves_nothing_is_named(posted, change):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite lets checks be switched off by whoever writes")
    with unlocked("journal_posting"), db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        try:
            connection.exec_driver_sql(f"UPDATE journal_posting SET {change} WHERE seq = 2")
            connection.commit()
        finally:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
    assert "I1 entry number 2 has a posting that moves nothing" in posted.problems()
