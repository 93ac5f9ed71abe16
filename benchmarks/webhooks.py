"""Webhooks: accepted a second against an RSA check and one raw insert, and drained a second.

Accepting goes through the whole WSGI application; the baseline verifies the same signature and
inserts and commits one row with the bare driver. Draining asks a gateway process over real HTTP.
"""

import base64
import io
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from crowdfund import config, create_app, outbox
from crowdfund.accounts import service as accounts
from crowdfund.adapters import bill_bitts, gateways
from crowdfund.db import commit, db, new_id, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.local import ports
from crowdfund.local.bill_bitts import keys
from crowdfund.local.bill_bitts.signing import WebhookSigner
from crowdfund.payments import queries, service

ROUNDS = 7
ACCEPTED = 100
PAYMENTS = 500
EVENTS = ("PENDING", "SUCCESS", "SETTLED", "SUCCESS", "SETTLED")
ACCEPT_GOAL, DRAIN_GOAL = 0.5, 1_000
ESCROW = "campaign:bench:escrow"
Webhook = tuple[bytes, dict[str, str]]


def run() -> dict[str, Any]:
    """Print and return the accept ratio and the drain rate, on SQLite."""
    with tempfile.TemporaryDirectory() as folder, _world(Path(folder)) as (app, bank):
        tx_ids, cprn = _open_payments()
        accept = _accept(app, bank, Path(folder), (tx_ids[0], cprn))
        drain = _drain(bank, tx_ids, cprn)
        broken = list(ledger.problems())
        settled = ledger.balance(ESCROW)
        rollback()
    if broken or settled != PAYMENTS * 100:
        print("BROKEN", settled, *broken)
    return accept | drain


# --- accept -------------------------------------------------------------------------------------------


def _accept(app: Any, bank: "Bank", folder: Path, known: tuple[str, str]) -> dict[str, Any]:
    total = ACCEPTED * (ROUNDS + 1)
    ours = iter([bank.webhook(*known, "PENDING") for _ in range(total)])
    theirs = iter([bank.webhook(*known, "PENDING") for _ in range(total)])
    with closing(_raw_database(folder)) as raw:
        mine, bare = _take_turns(
            lambda: _deliver(app, [next(ours) for _ in range(ACCEPTED)]),
            lambda: _verify_and_insert(raw, bank, [next(theirs) for _ in range(ACCEPTED)]),
        )
    ratio = bare / mine
    verdict = "ok" if ratio >= ACCEPT_GOAL else "MISSED"
    print(f"webhooks accepted                    {ACCEPTED / mine:9,.0f}/s  against {ACCEPTED / bare:9,.0f}/s"
          f"  = {ratio:5.2f} x  goal {ACCEPT_GOAL} x  {verdict}")  # fmt: skip
    return {"webhooks accepted": {
        "per_s": round(ACCEPTED / mine), "baseline_per_s": round(ACCEPTED / bare), "ratio": round(ratio, 3),
        "goal": ACCEPT_GOAL, "met": ratio >= ACCEPT_GOAL,
    }}  # fmt: skip


def _deliver(app: Any, webhooks: list[Webhook]) -> None:
    for raw, headers in webhooks:
        statuses: list[str] = []
        body = app(_environ(raw, headers), lambda status, _headers, to=statuses: to.append(status))
        b"".join(body)
        getattr(body, "close", int)()
        if not statuses[0].startswith("200"):
            raise AssertionError(statuses)


def _environ(raw: bytes, headers: dict[str, str]) -> dict[str, Any]:
    extra = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/webhooks/neo-payment/", "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True,
        "wsgi.run_once": False, **extra,
    }  # fmt: skip


def _raw_database(folder: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute(
        "CREATE TABLE inbox (id TEXT PRIMARY KEY, provider TEXT, event_id TEXT, raw BLOB, headers TEXT,"
        " received_at TEXT, state TEXT, UNIQUE (provider, event_id))"
    )
    return raw


def _verify_and_insert(raw: sqlite3.Connection, bank: "Bank", webhooks: list[Webhook]) -> None:
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


def _take_turns(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Return the median seconds of both, measured in alternating rounds after a warm-up."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for side, work in enumerate((one, other)):
            start = time.perf_counter()
            work()
            if number:
                times[side].append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


# --- drain --------------------------------------------------------------------------------------------


def _drain(bank: "Bank", tx_ids: list[str], cprn: str) -> dict[str, Any]:
    outbox.drain("payments")  # what accepting has left
    bank.control("truth", status="SETTLED")
    todo = [(tx_id, event) for tx_id in tx_ids for event in EVENTS]
    random.Random(7).shuffle(todo)
    for tx_id, event in todo:
        service.accept(bill_bitts.NAME, *bank.webhook(tx_id, cprn, event))
    start = time.perf_counter()
    outbox.drain("payments", limit_s=300)
    rate = len(todo) / (time.perf_counter() - start)
    verdict = "ok" if rate >= DRAIN_GOAL else "MISSED"
    print(f"webhooks drained                     {rate:9,.0f}/s  {len(todo)} shuffled over {PAYMENTS}"
          f" payments  goal {DRAIN_GOAL:,}/s  {verdict}")  # fmt: skip
    return {"webhooks drained": {"per_s": round(rate), "goal": DRAIN_GOAL, "met": rate >= DRAIN_GOAL}}


def _open_payments() -> tuple[list[str], str]:
    user_id = accounts.ensure_user("bench@example.com", "Bench")
    for several in (range(1), range(1, PAYMENTS)):  # the first one makes the customer known
        for number in several:
            service.start(
                user_id=user_id, amount_minor=100, currency="ETB", gateway=bill_bitts.NAME,
                purpose=("bench", "b"), destination=ESCROW, description="Bench", key=f"bench-{number}",
            )  # fmt: skip
        commit()
        outbox.drain("payments", limit_s=120)
    rows = queries.payments_page(limit=PAYMENTS).rows
    cprn = queries.cprn_of(user_id, bill_bitts.NAME)
    rollback()
    return [row.tx_id for row in rows], str(cprn)


# --- the gateway process --------------------------------------------------------------------------------


class Bank:
    """The simulator as a process, and webhooks signed with its key."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.files = keys.ensure(folder)
        self.public = keys.load_public(self.files.bank_public(1))
        self._signer = WebhookSigner(self.files)

    def webhook(self, tx_id: str, cprn: str, status: str) -> Webhook:
        """Return a signed webhook."""
        body = {"tx_id": tx_id, "cprn": cprn, "status": status, "amount": "1.00", "currency": "ETB"}
        raw = bill_bitts.canonical(body)
        return raw, self._signer.headers(raw, new_id(), int(time.time()), 1)

    def control(self, verb: str, **body: object) -> None:
        """Use the simulator's control door."""
        headers = {"X-Api-Key": self.files.api_key.read_text(), "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_control/{verb}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def is_up(self) -> bool:
        """Return whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def _world(folder: Path) -> Iterator[tuple[Any, Bank]]:
    port = ports.free_port()
    bank = Bank(folder / "bank", port)
    flags = ["--data-dir", str(folder / "bank"), "--port", str(port)]
    with (folder / "bank.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "crowdfund.local.bill_bitts", *flags], stdout=log, stderr=log
        )
    try:
        while not bank.is_up():
            time.sleep(0.02)
        app = create_app(_settings(folder, bank))
        with app.app_context():
            db.create_all()
            yield app, bank
            db.session.remove()
            db.engine.dispose()
    finally:
        gateways.use(bill_bitts.NAME, None)
        process.terminate()
        process.wait()


def _settings(folder: Path, bank: Bank) -> config.Settings:
    return config.Settings(
        _env_file=None, environment="test", database_url=f"sqlite:///{folder}/bench.db", redis_url="",
        CROWDFUND_DATA_DIR=folder, billbitts_api_url=bank.url,
        billbitts_api_key=bank.files.api_key.read_text(),
        billbitts_private_key_path=str(bank.files.platform_private),
        billbitts_public_key_paths=[str(path) for path in bank.files.bank_publics],
    )  # fmt: skip


if __name__ == "__main__":
    missed = [name for name, row in run().items() if not row["met"]]
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)
