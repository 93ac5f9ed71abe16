"""Sums per account in bounded memory: beyond a number of accounts they go to a temporary file."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Final

from crowdfund.ledger.proof.chain import Account

MOST_IN_MEMORY = 8_000
_ADD: Final = (
    "INSERT INTO total VALUES (?, ?, ?)"
    " ON CONFLICT (name, currency) DO UPDATE SET amount = amount + excluded.amount"
)
_GET: Final = "SELECT amount FROM total WHERE name = ? AND currency = ?"
_DROP: Final = "DELETE FROM total WHERE name = ? AND currency = ?"


class Sums:
    """The sum of changes of each account (minor units)."""

    def __init__(self) -> None:
        self._near: dict[Account, int] = {}
        self._far: sqlite3.Connection | None = None

    def add(self, changes: Mapping[Account, int]) -> None:
        """Add what some entries did to their accounts."""
        near = self._near
        for account, amount in changes.items():
            near[account] = near.get(account, 0) + amount
        if len(near) > MOST_IN_MEMORY:
            self._spill()

    def take(self, account: Account) -> int:
        """Return an account's sum and forget it; zero for one without postings."""
        if self._far is None:
            return self._near.pop(account, 0)
        self._spill()
        row = self._far.execute(_GET, account).fetchone()
        if row is None:
            return 0
        self._far.execute(_DROP, account)
        return int(row[0])

    def rest(self) -> Iterator[Account]:
        """Yield the accounts whose sums were not taken."""
        yield from self._near
        if self._far is not None:
            yield from self._far.execute("SELECT name, currency FROM total")

    def _spill(self) -> None:
        if self._far is None:
            # An empty name is a private file that SQLite removes when it is closed.
            self._far = sqlite3.connect("", isolation_level=None)
            self._far.execute(
                "CREATE TABLE total (name TEXT, currency TEXT, amount INTEGER,"
                " PRIMARY KEY (name, currency)) WITHOUT ROWID"
            )
            self._far.execute("PRAGMA journal_mode=OFF")
            self._far.execute("BEGIN")
        self._far.executemany(_ADD, ((*account, amount) for account, amount in self._near.items()))
        self._near.clear()
