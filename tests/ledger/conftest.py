"""Short words for worked examples: money moves in whole birr, balances are read back as text."""

import pytest

from crowdfund.kernel import money
from crowdfund.kernel.db import commit, rollback
from crowdfund.ledger import queries, rules
from crowdfund.ledger.service import posting

WORLD, CLEARING = rules.external("bill_bitts"), rules.clearing("bill_bitts")
ALICE, BOB = rules.user_wallet("alice"), rules.user_wallet("bob")
ESCROW, COMPANY = rules.escrow("c1"), rules.company_wallet("yirga")


class Book:
    """The journal as a bookkeeper uses it."""

    def post(self, key, *moves, kind="test"):
        """Post one entry of (source, destination, "1,250.50") moves and commit it."""
        postings = [rules.Posting(source, to, money.parse(amount)) for source, to, amount in moves]
        entry_id = posting.post(key, postings, kind=kind)
        commit()
        return entry_id

    def balances(self, *accounts):
        """Return balances as plain decimals."""
        rollback()
        return [money.decimal_str(queries.balance(name)) for name in accounts]

    def problems(self):
        rollback()
        return list(queries.problems())


@pytest.fixture
def book(app, frozen):
    yield Book()
    rollback()
