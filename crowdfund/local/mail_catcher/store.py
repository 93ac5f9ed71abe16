"""The last messages, parsed, in a SQLite file."""

import sqlite3
from base64 import b64encode
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from crowdfund.kernel import clock

MOST = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,  -- " a@x b@y ": a space around each, for the search
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    raw BLOB NOT NULL,
    kind TEXT NOT NULL DEFAULT 'mail',
    key TEXT  -- of an SMS: the sender's Idempotency-Key
)
"""
# since the first version of the table
_ADDED = {"kind": "TEXT NOT NULL DEFAULT 'mail'", "key": "TEXT"}
_SELECT = "SELECT id, at, sender, recipients, subject, text, html, kind FROM message"
_FIND = f"{_SELECT} WHERE instr(recipients, ?) > 0 OR ? = '' ORDER BY id DESC LIMIT ?"
_GET = f"{_SELECT} WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Mail:
    """One caught message: an e-mail, or an SMS (kind `sms`, text only)."""

    id: int
    at: str  # ISO, UTC
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str
    kind: str = "mail"

    @property
    def title(self) -> str:
        """Return what a list shows of it."""
        return self.subject if self.kind == "mail" else self.text[:80]

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
            known = {row[1] for row in db.execute("PRAGMA table_info(message)")}
            for name in _ADDED.keys() - known:
                db.execute(f"ALTER TABLE message ADD COLUMN {name} {_ADDED[name]}")
            db.execute("CREATE UNIQUE INDEX IF NOT EXISTS message_key ON message (key)")

    def add(self, sender: str, recipients: Sequence[str], raw: bytes) -> int:
        """Store an e-mail and drop the oldest beyond MOST; return its number."""
        message = message_from_bytes(raw, policy=policy.default)
        to = f" {' '.join(recipients).lower()} "
        body = (_body(message, "plain"), _with_pictures(_body(message, "html"), message))
        return self._store(sender, to, str(message.get("Subject", "")), body, raw)

    def add_sms(self, sender: str, to: str, text: str, *, key: str) -> int:
        """Store an SMS once for each key; return its number."""
        with closing(self._open()) as db:
            known = db.execute("SELECT id FROM message WHERE key = ?", (key,)).fetchone()
        if known:
            return int(known[0])
        return self._store(sender, f" {to} ", "", (text, ""), b"", key=key)

    def _store(
        self,
        sender: str,
        to: str,
        subject: str,
        body: tuple[str, str],
        raw: bytes,
        key: str | None = None,
    ) -> int:
        at = clock.now().isoformat(timespec="milliseconds")
        values = (at, sender, to, subject, *body, raw, "sms" if key else "mail", key)
        insert = (
            "INSERT INTO message (at, sender, recipients, subject, text, html, raw, kind, key)"
            " VALUES (?,?,?,?,?,?,?,?,?)"
        )
        with closing(self._open()) as db, db:
            number = cast(int, db.execute(insert, values).lastrowid)
            db.execute("DELETE FROM message WHERE id <= ?", (number - MOST,))
        return number

    def find(self, to: str = "", *, limit: int = MOST) -> list[Mail]:
        """Return messages, newest first; `to` is any part of a recipient's address or number."""
        to = to.strip().lower()
        with closing(self._open()) as db:
            return [_mail(row) for row in db.execute(_FIND, (to, to, limit))]

    def get(self, number: int) -> Mail | None:
        """Return one message."""
        with closing(self._open()) as db:
            row = db.execute(_GET, (number,)).fetchone()
        return _mail(row) if row else None

    def raw(self, number: int) -> bytes | None:
        """Return a message as it came over the wire."""
        with closing(self._open()) as db:
            row = db.execute("SELECT raw FROM message WHERE id = ?", (number,)).fetchone()
        return bytes(row[0]) if row else None

    def attachments(self, number: int) -> list[EmailMessage]:
        """Return the attached files of a message, each a part with its name and content."""
        message = message_from_bytes(self.raw(number) or b"", policy=policy.default)
        return list(message.iter_attachments())

    def clear(self) -> None:
        """Forget all messages."""
        with closing(self._open()) as db, db:
            db.execute("DELETE FROM message")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10)


def _mail(row: Sequence[Any]) -> Mail:
    number, at, sender, recipients, subject, text, html, kind = row
    return Mail(number, at, sender, recipients.split(), subject, text, html, kind)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeDecodeError):  # an unknown or wrong character set
        return bytes(part.get_payload(decode=True) or b"").decode(errors="replace")


def _with_pictures(html: str, message: EmailMessage) -> str:
    """Return HTML with its `cid:` pictures inside, as a browser can show them."""
    for part in message.walk():
        name = str(part.get("Content-ID", "")).strip("<> ")
        if name and part.get_content_maintype() == "image":
            content = b64encode(bytes(part.get_payload(decode=True) or b"")).decode()
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{content}")
    return html
