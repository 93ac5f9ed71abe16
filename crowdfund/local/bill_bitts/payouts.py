"""Payouts of the gateway: ordered once, paid after the settle delay, or failed, or left waiting.

A payout goes to a bank account, or back to the account that paid a transaction (`tx_id`).
"""

import re
import secrets
import sqlite3
from decimal import Decimal
from typing import Any

from crowdfund.local.bill_bitts.errors import Refused
from crowdfund.local.bill_bitts.gateway import CURRENCIES, Gateway

MODES = ("pay", "fail", "wait")

_AMOUNT = re.compile(r"[0-9]{1,13}\.[0-9]{2}", re.ASCII)
_TO_ACCOUNT = ("reference", "country", "bank_code", "account_number", "holder")
_TO_PAYER = ("reference", "tx_id")
_FAILED = "The account cannot be credited"


def order(gateway: Gateway, data: dict[str, Any]) -> dict[str, Any]:
    """Take the order of a payout; what happens to it then is the setting `payouts`."""
    mode = gateway.settings.payouts
    if mode == "refuse":
        raise Refused(422, "the account cannot be credited")
    _check(data)
    if gateway.state.one("SELECT 1 FROM payout WHERE reference = ?", data["reference"]):
        raise Refused(409, "this reference was used for another payout")
    if "tx_id" in data:
        _check_return(gateway, data)
    payout_id = f"NPO-{secrets.token_hex(10).upper()}"
    settle_at = None if mode == "wait" else gateway.now() + gateway.settings.settle_delay_s
    gateway.state.write(
        "INSERT INTO payout VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'PENDING', ?, ?, ?, ?)",
        *(payout_id, data["reference"], data["amount"], data["currency"]),
        *(data.get(name, "") for name in _TO_ACCOUNT[1:]),
        *(_FAILED if mode == "fail" else "", settle_at, gateway.now(), data.get("tx_id", "")),
    )
    if mode == "lose":
        raise Refused(503, "the answer was lost")
    return {"payout_id": payout_id, "status": "PENDING"}


def _check(data: dict[str, Any]) -> None:
    texts = _TO_PAYER if "tx_id" in data else _TO_ACCOUNT
    for name in texts:
        if not isinstance(data.get(name), str) or not 1 <= len(data[name]) <= 160:
            raise Refused(400, f"{', '.join(texts)} are texts")
    amount = data.get("amount")
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount) or Decimal(amount) <= 0:
        raise Refused(400, 'amount is a text like "100.00"')
    if data.get("currency") not in CURRENCIES:
        raise Refused(400, f"currency is one of {', '.join(CURRENCIES)}")


def _check_return(gateway: Gateway, data: dict[str, Any]) -> None:
    """Refuse to send back more than a transaction brought, less what went back before."""
    paid = gateway.payment(data["tx_id"])
    if paid["tx_id"] != data["tx_id"] or paid["status"] not in ("SUCCESS", "SETTLED"):
        raise Refused(409, "this transaction was not paid")
    if paid["paid_currency"] != data["currency"]:
        raise Refused(409, "the transaction was paid in another currency")
    rows = gateway.state.all(
        "SELECT amount FROM payout WHERE tx_id = ? AND status <> 'FAILED'", data["tx_id"]
    )
    back = sum((Decimal(row["amount"]) for row in rows), Decimal(data["amount"]))
    if back > Decimal(paid["paid_amount"]):
        raise Refused(409, "more than the transaction brought")


def get(gateway: Gateway, name: str) -> sqlite3.Row:
    """Return a payout by its number or by the merchant's reference. Raises Refused (404)."""
    row = gateway.state.one("SELECT * FROM payout WHERE payout_id = ? OR reference = ?", name, name)
    if row is None:
        raise Refused(404, "The bank has no payout with this number.", title="Payout not found")
    return row


def status(gateway: Gateway, name: str) -> dict[str, Any]:
    """Answer the status query, wrongly if the setting `answers` asks for that."""
    row, wrong = get(gateway, name), gateway.settings.answers
    to = "tx_id" if row["tx_id"] else "account_number"
    shown = ("payout_id", "reference", "status", "amount", "currency", to)
    reason = row["reason"] if row["status"] == "FAILED" else ""
    answer = {each: row[each] for each in shown} | {"reason": reason} | wrong.get("instead", {})
    return {key: value for key, value in answer.items() if key not in wrong.get("without", ())}


def latest(gateway: Gateway) -> list[sqlite3.Row]:
    """Return the newest payouts, newest first."""
    return gateway.state.all("SELECT * FROM payout ORDER BY created_at DESC, rowid DESC LIMIT 20")


def end(gateway: Gateway, name: str, action: str) -> None:
    """Pay, fail, or leave a payout waiting until it is told again; one that ended stays so."""
    if action not in MODES:
        raise Refused(400, f"action is one of {', '.join(MODES)}")
    row = get(gateway, name)
    if row["status"] != "PENDING":
        return
    if action == "wait":
        values: tuple[object, ...] = ("PENDING", "", row["payout_id"])
    elif action == "fail":
        values = ("FAILED", _FAILED, row["payout_id"])
    else:
        values = ("PAID", "", row["payout_id"])
    gateway.state.write(
        "UPDATE payout SET status = ?, reason = ?, settle_at = NULL WHERE payout_id = ?", *values
    )
    gateway.state.flush()


def settle_due(gateway: Gateway) -> bool:
    """End what is due; return whether there was anything."""
    due = gateway.state.all("SELECT * FROM payout WHERE settle_at <= ?", gateway.now())
    for row in due:
        end(gateway, row["payout_id"], "fail" if row["reason"] else "pay")
    return bool(due)
