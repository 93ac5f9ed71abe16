"""Webhooks: accepted a second, accepted beside garbage, and drained a second.

Accepting goes through the whole WSGI application; the baseline verifies the same signature and
inserts and commits one row with the bare driver. The garbage is forged, each body another, all from
one address that is not the bank's; the baseline is the bank alone. Draining asks a gateway process
over HTTP.
"""

import base64
import io
import json
import random
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from benchmarks import turns
from benchmarks.bank import ESCROW, Bank, Webhook, open_payments, world
from crowdfund.adapters import bill_bitts
from crowdfund.kernel import outbox
from crowdfund.kernel.db import new_id, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.payments.service import inbox

EVENTS = ("PENDING", "SUCCESS", "SETTLED", "SUCCESS", "SETTLED")
ACCEPT_GOAL, HONEST_GOAL, DRAIN_GOAL = 0.51, 0.9, 2_014
GARBAGE_PER_S = 100
BANK, STRANGER = "127.0.0.1", "203.0.113.9"


@dataclass(frozen=True)
class Size:
    """How much is measured: webhooks accepted a round, rounds,
    and payments to drain webhooks of."""

    accepted: int = 100
    rounds: int = 7
    payments: int = 500


SMALL = Size(accepted=5, rounds=2, payments=5)


def run(*, small: bool = False) -> dict[str, Any]:
    """Return the accept ratios and the drain rate, on SQLite."""
    size = SMALL if small else Size()
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as (app, bank):
        tx_ids, cprn = open_payments(size.payments)
        rows = {
            "webhooks accepted": _accept(app, bank, Path(folder), (tx_ids[0], cprn), size),
            "honest webhooks beside 100 garbage a second": _honest(
                app, bank, (tx_ids[0], cprn), size
            ),
            "webhooks drained": _drain(bank, tx_ids, cprn),
        }
        broken = list(ledger.problems())
        settled = ledger.balance(ESCROW)
        rollback()
    if broken or settled != size.payments * 100:
        print("BROKEN", settled, *broken)
    return rows


# --- accept ---------------------------------------------------------------------------------------


def _accept(
    app: Any, bank: Bank, folder: Path, known: tuple[str, str], size: Size
) -> dict[str, Any]:
    ours, theirs = (_rounds_of(bank, known, size) for _ in range(2))
    with closing(_raw_database(folder)) as raw:
        works = {
            "ours": _rate(size, lambda: _deliver(app, next(ours))),
            "baseline": _rate(size, lambda: _verify_and_insert(raw, bank, next(theirs))),
        }
        return turns.row(**turns.take(works, rounds=size.rounds), goal=ACCEPT_GOAL)


def _honest(app: Any, bank: Bank, known: tuple[str, str], size: Size) -> dict[str, Any]:
    beside, alone = (_rounds_of(bank, known, size) for _ in range(2))
    garbage = _Garbage(app)
    works = {
        "ours": _rate(size, lambda: _deliver(app, next(beside), before_each=garbage.send_due)),
        "baseline": _rate(size, lambda: _deliver(app, next(alone))),
    }
    garbage.start()
    row = turns.row(**turns.take(works, rounds=size.rounds), goal=HONEST_GOAL)
    if not garbage.answers or garbage.answers & {200, 202}:
        raise AssertionError(f"garbage was answered with {garbage.answers}")
    return row


class _Garbage:
    """A stranger who sends a hundred forged webhooks in each second that is measured."""

    def __init__(self, app: Any) -> None:
        self.answers: set[int] = set()
        self._app, self._spent_s, self._sent, self._since = app, 0.0, 0, 0.0

    def start(self) -> None:
        self._since = time.perf_counter()

    def send_due(self, *, is_first: bool) -> None:
        """Send what has become due since the last call; time between two rounds is not counted."""
        now = time.perf_counter()
        if not is_first:
            self._spent_s += now - self._since
        self._since = now
        while self._sent <= self._spent_s * GARBAGE_PER_S:
            self._sent += 1
            self.answers.add(_answer(self._app, _environ(*_forged(), address=STRANGER)))


def _forged() -> Webhook:
    body = {
        "tx_id": f"NEO-{secrets.token_hex(6)}",
        "status": "SETTLED",
        "amount": "1.00",
        "currency": "ETB",
    }
    signature = base64.b64encode(secrets.token_bytes(256)).decode()
    stamp = str(int(time.time()))
    return bill_bitts.canonical(body | {"filler": secrets.token_hex(500)}), {
        "X-Signature": signature,
        "X-Timestamp": stamp,
        "X-Nonce": secrets.token_hex(16),
    }


def _rounds_of(bank: Bank, known: tuple[str, str], size: Size) -> Iterator[list[Webhook]]:
    """Return webhooks for each round and the warm-up, signed beforehand."""
    return iter(
        [
            [bank.webhook(*known, "PENDING") for _ in range(size.accepted)]
            for _ in range(size.rounds + 1)
        ]
    )


def _rate(size: Size, work: Callable[[], None]) -> Callable[[], float]:
    def measured() -> float:
        start = time.perf_counter()
        work()
        return size.accepted / (time.perf_counter() - start)

    return measured


def _deliver(
    app: Any, webhooks: list[Webhook], before_each: Callable[..., None] = lambda **_: None
) -> None:
    for number, (raw, headers) in enumerate(webhooks):
        before_each(is_first=not number)
        status = _answer(app, _environ(raw, headers, address=BANK))
        if status != 200:
            raise AssertionError(status)


def _answer(app: Any, environ: dict[str, Any]) -> int:
    statuses: list[str] = []
    body = app(environ, lambda status, _headers, _error=None: statuses.append(status))
    b"".join(body)
    getattr(body, "close", int)()
    return int(statuses[0][:3])


def _environ(raw: bytes, headers: dict[str, str], *, address: str) -> dict[str, Any]:
    extra = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/webhooks/neo-payment/",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": address,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **extra,
    }


def _raw_database(folder: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute(
        "CREATE TABLE inbox (id TEXT PRIMARY KEY, provider TEXT, event_id TEXT, raw BLOB, "
        "headers TEXT, received_at TEXT, state TEXT, UNIQUE (provider, event_id))"
    )
    return raw


def _verify_and_insert(raw: sqlite3.Connection, bank: Bank, webhooks: list[Webhook]) -> None:
    for body, headers in webhooks:
        message = f"{headers['X-Timestamp']}.{headers['X-Nonce']}.".encode() + body
        signature = base64.b64decode(headers["X-Signature"])
        bank.public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        raw.execute("BEGIN IMMEDIATE")
        raw.execute(
            "INSERT INTO inbox VALUES (?, 'bill_bitts', ?, ?, ?, ?, 'received')",
            (new_id(), headers["X-Nonce"], body, json.dumps(headers), "2026-06-15 09:00:00"),
        )
        raw.execute("COMMIT")


# --- drain ----------------------------------------------------------------------------------------


def _drain(bank: Bank, tx_ids: list[str], cprn: str) -> dict[str, Any]:
    outbox.drain("payments")  # what accepting has left
    bank.control("truth", status="SETTLED")
    todo = [(tx_id, event) for tx_id in tx_ids for event in EVENTS]
    random.Random(7).shuffle(todo)
    for tx_id, event in todo:
        inbox.accept(bill_bitts.NAME, *bank.webhook(tx_id, cprn, event))
    start = time.perf_counter()
    outbox.drain("payments", limit_s=300)
    rate = len(todo) / (time.perf_counter() - start)
    return {"per_s": round(rate), "goal": DRAIN_GOAL, "unit": " /s", "met": rate >= DRAIN_GOAL}
