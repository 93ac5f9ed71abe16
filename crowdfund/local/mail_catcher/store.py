"""The last messages, parsed, in a SQLite file."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

KEEP = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,  -- " a@x b@y ": a space around each, for the search
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    raw BLOB NOT NULL
)
"""
_COLUMNS = "id, at, sender, recipients, subject, text, html"


@dataclass(frozen=True, slots=True)
class Mail:
    """One caught message."""

    id: int
    at: str  # ISO, UTC
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON view gives it."""
        return asdict(self)


class Store:
    """Messages by number; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as db, db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(_SCHEMA)

    def add(self, sender: str, recipients: Sequence[str], raw: bytes) -> int:
        """Keep a message and drop the oldest beyond KEEP; return its number."""
        message = cast(EmailMessage, message_from_bytes(raw, policy=policy.default))
        to = f" {' '.join(recipients).lower()} "
        values = (
            datetime.now(UTC).isoformat(timespec="milliseconds"), sender, to,
            str(message.get("Subject", "")), _body(message, "plain"), _body(message, "html"), raw,
        )  # fmt: skip
        insert = (
            "INSERT INTO message (at, sender, recipients, subject, text, html, raw) VALUES (?,?,?,?,?,?,?)"
        )
        with closing(self._open()) as db, db:
            number = cast(int, db.execute(insert, values).lastrowid)
            db.execute("DELETE FROM message WHERE id <= ?", (number - KEEP,))
        return number

    def find(self, to: str = "", *, limit: int = KEEP) -> list[Mail]:
        """Return messages, newest first; `to` is any part of a recipient's address."""
        where = "instr(recipients, ?) > 0 OR ? = ''"
        query = f"SELECT {_COLUMNS} FROM message WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - constants
        to = to.strip().lower()
        with closing(self._open()) as db:
            return [_mail(row) for row in db.execute(query, (to, to, limit))]

    def get(self, number: int) -> Mail | None:
        """Return one message."""
        with closing(self._open()) as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM message WHERE id = ?", (number,)).fetchone()  # noqa: S608
        return _mail(row) if row else None

    def raw(self, number: int) -> bytes | None:
        """Return a message as it came over the wire."""
        with closing(self._open()) as db:
            row = db.execute("SELECT raw FROM message WHERE id = ?", (number,)).fetchone()
        return bytes(row[0]) if row else None

    def clear(self) -> None:
        """Forget all messages."""
        with closing(self._open()) as db, db:
            db.execute("DELETE FROM message")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10)


def _mail(row: Sequence[Any]) -> Mail:
    number, at, sender, recipients, subject, text, html = row
    return Mail(number, at, sender, recipients.split(), subject, text, html)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeDecodeError):  # an unknown or wrong character set
        return bytes(part.get_payload(decode=True) or b"").decode(errors="replace")
