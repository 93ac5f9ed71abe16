"""The gateway's own SQLite file: customers, payments, deliveries, settings."""

import json
import sqlite3
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS customer (cprn TEXT PRIMARY KEY, email TEXT, first_name TEXT,
    last_name TEXT, phone TEXT);
CREATE TABLE IF NOT EXISTS payment (tx_id TEXT PRIMARY KEY, cprn TEXT, amount TEXT,
    paid_amount TEXT, currency TEXT, paid_currency TEXT, description TEXT, reference TEXT,
    return_url TEXT, status TEXT, faults TEXT, settle_at INTEGER, created_at INTEGER);
CREATE INDEX IF NOT EXISTS payment_reference ON payment (reference);
CREATE INDEX IF NOT EXISTS payment_settle ON payment (settle_at) WHERE settle_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS answer (idempotency_key TEXT PRIMARY KEY, fingerprint TEXT,
    body TEXT);
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY, tx_id TEXT, status TEXT, body BLOB,
    nonce TEXT, key INTEGER, due_at REAL, attempts INTEGER DEFAULT 0, state TEXT, last_code TEXT);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_at) WHERE state = 'queued';
CREATE TABLE IF NOT EXISTS payout (payout_id TEXT PRIMARY KEY, reference TEXT UNIQUE, amount TEXT,
    currency TEXT, country TEXT, bank_code TEXT, account_number TEXT, holder TEXT, status TEXT,
    reason TEXT, settle_at INTEGER, created_at INTEGER, tx_id TEXT DEFAULT '');
CREATE INDEX IF NOT EXISTS payout_settle ON payout (settle_at) WHERE settle_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT);
"""


class State:
    """One connection, used from the event loop alone.

    Commits are grouped: what moves a payment commits at once, a burnt nonce with the next
    flush (`flush` runs many times a second), which keeps status queries cheap.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._rename_faults()
        self._add_returns()

    def _rename_faults(self) -> None:
        """Read data folders of versions that called faults moods."""
        if "mood" in {row["name"] for row in self.all("PRAGMA table_info(payment)")}:
            self._db.execute("ALTER TABLE payment RENAME COLUMN mood TO faults")
            self._db.execute("UPDATE setting SET name = 'faults' WHERE name = 'mood'")

    def _add_returns(self) -> None:
        """Read data folders of versions whose payouts went to bank accounts only."""
        if "tx_id" not in {row["name"] for row in self.all("PRAGMA table_info(payout)")}:
            self._db.execute("ALTER TABLE payout ADD COLUMN tx_id TEXT DEFAULT ''")

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return row

    def write(self, sql: str, *values: object) -> int:
        """Change rows in the open group; return how many."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        return self._db.execute(sql, values).rowcount

    def write_many(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        """Change rows by one statement each, in the open group."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(sql, rows)

    def flush(self) -> None:
        """Commit the open group."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the open group."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def burn(self, nonce: str, now: int) -> bool:
        """Use up a nonce; False when it was used before."""
        return bool(self.write("INSERT OR IGNORE INTO nonce VALUES (?, ?)", nonce, now))

    def settings(self) -> dict[str, Any]:
        """Return the stored settings."""
        return {row["name"]: json.loads(row["value"]) for row in self.all("SELECT * FROM setting")}

    def store_setting(self, name: str, value: object) -> None:
        """Store a setting."""
        self.write(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
            "SET value=excluded.value",
            name,
            json.dumps(value),
        )

    def forget_setting(self, name: str) -> None:
        """Remove a stored setting, so that its default holds."""
        self.write("DELETE FROM setting WHERE name = ?", name)

    def close(self) -> None:
        """Commit and close."""
        self.flush()
        self._db.close()
