"""The verbs of the gateway over its own state."""

import hashlib
import json
import re
import secrets
import sqlite3
from decimal import Decimal
from typing import Any

from crowdfund.kernel import clock
from crowdfund.local.bill_bitts.errors import Refused
from crowdfund.local.bill_bitts.faults import Faults
from crowdfund.local.bill_bitts.settings import Settings
from crowdfund.local.bill_bitts.signing import canonical
from crowdfund.local.bill_bitts.state import State

FINAL = ("SETTLED", "FAILED")
CURRENCIES = ("ETB", "INR", "USD")
OPENING_BALANCE = Decimal("1000000.00")
REORDER_GAP_S = 0.3
LIST_PAGE = 100  # transactions in one answer
_AMOUNT = re.compile(r"[0-9]{1,13}\.[0-9]{2}", re.ASCII)
_CPRN_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Gateway:
    """Customers, payments and the events that they cause."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.settings = Settings(state)
        self.asked = 0  # status queries since the start

    def now(self) -> int:
        """Return the gateway's time in Unix seconds: fixed, or the platform's with an offset."""
        fixed = self.settings.fixed_now
        return fixed if fixed is not None else int(clock.now().timestamp()) + self.settings.offset_s

    def once(self, key: str, path: str, body: bytes) -> dict[str, Any] | None:
        """Return the earlier answer to this Idempotency-Key; refuse another body under it."""
        if not 8 <= len(key) <= 128:
            raise Refused(400, "Idempotency-Key is missing")
        row = self.state.one("SELECT * FROM answer WHERE idempotency_key = ?", key)
        if row is None:
            return None
        if row["fingerprint"] != _fingerprint(path, body):
            raise Refused(409, "Idempotency-Key was used for another request")
        return _object(row["body"])

    def remember(self, key: str, path: str, body: bytes, answer: dict[str, Any]) -> None:
        """Store the answer in the same commit as its effect."""
        self.state.write(
            "INSERT INTO answer VALUES (?, ?, ?)",
            key,
            _fingerprint(path, body),
            canonical(answer).decode(),
        )
        self.state.flush()

    def register(self, data: dict[str, Any]) -> dict[str, Any]:
        """Open a customer and return the CPRN."""
        names = ("email", "first_name", "last_name", "phone")
        if not all(isinstance(data.get(name), str) for name in names) or "@" not in data["email"]:
            raise Refused(400, "email, first_name, last_name and phone are texts")
        cprn = "CPRN-" + "".join(secrets.choice(_CPRN_ALPHABET) for _ in range(8))
        self.state.write(
            "INSERT INTO customer VALUES (?, ?, ?, ?, ?)", cprn, *(data[name] for name in names)
        )
        return {"cprn": cprn, "status": "REGISTERED"}

    def initiate(self, data: dict[str, Any], base_url: str) -> dict[str, Any]:
        """Open a payment of a known customer and return where to pay it."""
        self.customer(data.get("cprn"))
        amount, currency = data.get("amount"), data.get("currency")
        if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount) or Decimal(amount) <= 0:
            raise Refused(400, 'amount is a text like "100.00"')
        if currency not in CURRENCIES:
            raise Refused(400, f"currency is one of {', '.join(CURRENCIES)}")
        tx_id = new_tx_id()
        self.insert(tx_id, data, "PENDING")
        return {
            "tx_id": tx_id,
            "status": "PENDING",
            "checkout_url": f"{base_url}/checkout/{tx_id}",
        }

    def insert(self, tx_id: str, data: dict[str, Any], status: str) -> None:
        """Write a payment row."""
        self.state.write(
            "INSERT INTO payment (tx_id, cprn, amount, paid_amount, currency, paid_currency,"
            " description, reference, return_url, status, faults, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', ?)",
            *(tx_id, data["cprn"], data["amount"], data["amount"]),
            *(data["currency"], data["currency"], str(data.get("description", ""))[:200]),
            *(str(data.get("reference", "")), str(data.get("return_url", "")), status, self.now()),
        )

    def customer(self, cprn: object) -> sqlite3.Row:
        """Return a customer or refuse (404)."""
        row = self.state.one("SELECT * FROM customer WHERE cprn = ?", cprn)
        if row is None:
            raise Refused(404, "this CPRN is not known")
        return row

    def find(self, name: str) -> sqlite3.Row | None:
        """Return a payment by its tx_id, or by the merchant's reference; None if there is none."""
        return self.state.one("SELECT * FROM payment WHERE tx_id = ?", name) or self.state.one(
            "SELECT * FROM payment WHERE reference = ? AND reference <> ''", name
        )

    def payment(self, name: str) -> sqlite3.Row:
        """Return a payment as `find` does; raises Refused (404) if there is none."""
        row = self.find(name)
        if row is None:
            raise Refused(
                404,
                "The bank has no payment with this number. Nothing was charged. "
                "Go back and start the payment again.",
                title="Payment not found",
            )
        return row

    def latest(self) -> list[sqlite3.Row]:
        """Return the newest payments, newest first."""
        return self.state.all("SELECT * FROM payment ORDER BY created_at DESC, rowid DESC LIMIT 20")

    def refuse_ended(self, row: sqlite3.Row) -> None:
        """Raise Refused (409) when the customer cannot act on this payment any more."""
        if row["status"] == "FAILED":
            raise Refused(
                409,
                "It failed before, so it can no longer be paid. Nothing was charged. "
                "Go back to start another one.",
                title="This payment has failed",
            )
        if row["status"] != "PENDING":
            raise Refused(
                409,
                f"{row['paid_amount']} {row['paid_currency']} was charged when you paid the first "
                "time. Nothing was charged again.",
                title="This payment is already paid",
            )

    def status(self, name: str) -> dict[str, Any]:
        """Answer the status query, wrongly if the setting `answers` asks for that."""
        self.asked += 1
        wrong = self.settings.answers
        answer = _shown(self.payment(name)) | wrong.get("instead", {})
        return {key: value for key, value in answer.items() if key not in wrong.get("without", ())}

    def transactions(self, since: str, after: str) -> dict[str, Any]:
        """Return a page of transactions opened since a moment (seconds), oldest first."""
        if not (since.isascii() and since.isdigit()):
            raise Refused(400, "since is a number of seconds since 1970")
        if not self.settings.lists:
            raise Refused(404, "no such path")
        rows = self.state.all(
            "SELECT * FROM payment WHERE created_at >= ? AND rowid > coalesce("
            "(SELECT rowid FROM payment WHERE tx_id = ?), 0) ORDER BY rowid LIMIT ?",
            *(int(since), after, LIST_PAGE),
        )
        return {"transactions": [_shown(row) for row in rows]}

    def balance(self, cprn: str) -> dict[str, Any]:
        """Answer the balance query: a made-up opening balance less what was paid."""
        self.customer(cprn)
        rows = self.state.all(
            "SELECT paid_amount FROM payment WHERE cprn = ? AND status IN ('SUCCESS', 'SETTLED')",
            cprn,
        )
        paid = sum((Decimal(row["paid_amount"]) for row in rows), Decimal(0))
        return {"cprn": cprn, "balance": f"{OPENING_BALANCE - paid:.2f}", "currency": "ETB"}

    def pay(self, tx_id: str, faults: Faults, amount: str | None, currency: str | None) -> None:
        """Let the customer pay: SUCCESS now, SETTLED after the settle delay; once only."""
        row = self.payment(tx_id)
        if row["status"] != "PENDING":
            return
        faults = faults if faults != Faults() else self.faults_of(row)
        settle_at = None if faults.lie else self.now() + self.settings.settle_delay_s
        self.state.write(
            "UPDATE payment SET status = ?, paid_amount = ?, paid_currency = ?, faults = ?,"
            " settle_at = ? WHERE tx_id = ?",
            *("PENDING" if faults.lie else "SUCCESS", amount or row["amount"]),
            *(currency or row["currency"], canonical(faults.as_dict()).decode()),
            *(settle_at, tx_id),
        )
        if faults.lie:
            self.emit(tx_id, "SETTLED")
        elif not faults.reorder:
            self.emit(tx_id, "PENDING")
            self.emit(tx_id, "SUCCESS")
        self.state.flush()

    def fail(self, tx_id: str, faults: Faults) -> None:
        """Let the payment fail; once only."""
        if self.payment(tx_id)["status"] == "PENDING":
            self.state.write(
                "UPDATE payment SET status = 'FAILED', faults = ? WHERE tx_id = ?",
                canonical(faults.as_dict()).decode(),
                tx_id,
            )
            self.emit(tx_id, "FAILED")
            self.state.flush()

    def settle_due(self) -> bool:
        """Settle what is due; return whether there was anything."""
        due = self.state.all("SELECT * FROM payment WHERE settle_at <= ?", self.now())
        for row in due:
            self.state.write(
                "UPDATE payment SET status = 'SETTLED', settle_at = NULL WHERE tx_id = ?",
                row["tx_id"],
            )
            faults = self.faults_of(row)
            order = ("SETTLED", "SUCCESS", "PENDING") if faults.reorder else ("SETTLED",)
            for place, status in enumerate(order):
                self.emit(row["tx_id"], status, after_s=place * REORDER_GAP_S)
        self.state.flush()
        return bool(due)

    def faults_of(self, row: sqlite3.Row) -> Faults:
        """Return the payment's own faults, else the gateway's."""
        own = _object(row["faults"])
        return Faults.from_dict(own) if own else self.settings.faults

    def emit(
        self,
        tx_id: str,
        status: str,
        *,
        key: int = 1,
        nonce: str = "",
        after_s: float = 0,
        changes: dict[str, object] | None = None,
    ) -> list[int]:
        """Queue the webhook of one event, with the payment's faults; return delivery ids.

        Key 0 forges; `changes` replace fields of the body.
        """
        row = self.payment(tx_id)
        faults = self.faults_of(row)
        body = self.event(row, status) | (changes or {})
        due = clock.real().timestamp() + faults.delay_s + after_s
        state = "lost" if faults.lose else "queued"
        copies = [(body, key)] * (3 if faults.repeat else 1)
        if faults.forge:
            copies.insert(0, (body | {"status": "SETTLED"}, 0))
        return [
            self._queue(tx_id, each, nonce or secrets.token_hex(16), signer, (due, state))
            for each, signer in copies
        ]

    def event(self, row: sqlite3.Row, status: str) -> dict[str, object]:
        """Return the body of a webhook."""
        return {
            "cprn": row["cprn"],
            "status": status,
            "amount": row["paid_amount"],
            "tx_id": row["tx_id"],
            "currency": row["paid_currency"],
        }

    def _queue(
        self, tx_id: str, body: dict[str, object], nonce: str, key: int, when: tuple[float, str]
    ) -> int:
        self.state.write(
            "INSERT INTO delivery (tx_id, status, body, nonce, key, due_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(tx_id, str(body["status"]), canonical(body), nonce, key, *when),
        )
        row = self.state.one("SELECT last_insert_rowid() AS id")
        return row["id"] if row else 0


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "tx_id": row["tx_id"],
        "cprn": row["cprn"],
        "status": row["status"],
        "amount": row["paid_amount"],
        "currency": row["paid_currency"],
        "reference": row["reference"],
    }


def new_tx_id() -> str:
    """Return an id that nobody can guess."""
    return f"NEO-{secrets.token_hex(10).upper()}"


def _fingerprint(path: str, body: bytes) -> str:
    return hashlib.sha256(path.encode() + b"\n" + body).hexdigest()


def _object(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def amount_text(text: str) -> str:
    """Return an amount typed on the checkout page as the gateway writes it."""
    cleaned = text.strip()
    if not re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,2})?", cleaned, re.ASCII) or not Decimal(cleaned):
        raise Refused(400, "The other amount is a number like 50.00.")
    return f"{Decimal(cleaned):.2f}"
