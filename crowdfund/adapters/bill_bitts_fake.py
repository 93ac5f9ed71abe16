"""An in-memory Bill Bitts for service tests: same class, same signatures, no network."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from crowdfund.adapters.bill_bitts import _HASH, _PADDING, NAME, BillBitts, canonical
from crowdfund.adapters.gateways import GatewayRefused, GatewayUnknown
from crowdfund.kernel import clock, money, randomness

LIST_PAGE = 3


@lru_cache(maxsize=4)
def key_of(number: int) -> rsa.RSAPrivateKey:
    """Return a key of this process: 0 is the platform's, 1 and 2 are the bank's, 3 a stranger's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeBillBitts(BillBitts):
    """The gateway with its truth in plain dicts.

    `down` makes every call unclear; `lose_answers` lets a call happen and then loses its answer;
    without `lists` it is a bank that cannot list its transactions;
    `wrong_answer` is what every status query gets instead of the truth; `refuse_payouts` answers no
    to every order of a payout.
    """

    def __init__(self, name: str = NAME) -> None:
        super().__init__(
            "http://bank.invalid",
            "key",
            private_key=key_of(0),
            bank_keys=[key_of(1).public_key(), key_of(2).public_key()],
            name=name,
        )
        self.down = False
        self.wrong_answer: dict[str, Any] | None = None
        self.lose_answers = 0
        self.lists = True
        self.calls: list[tuple[str, str]] = []
        self.payments: dict[str, dict[str, Any]] = {}
        self.payouts: dict[str, dict[str, Any]] = {}  # by our reference
        self.refuse_payouts = False
        self.answers: dict[str, dict[str, Any]] = {}
        self._answering = threading.Lock()
        self._salt = randomness.draw(16)

    def set_truth(self, tx_id: str, status: str, **changes: object) -> None:
        """Change what status queries say of a transaction (amount as text, currency, reference)."""
        self.payments[tx_id] |= {"status": status} | changes

    def set_payout(self, name: str, status: str, /, **changes: object) -> None:
        """Change what status queries say of a payout (amount as text, currency, reason, …)."""
        self.payouts[name] |= {"status": status} | changes

    def open_payment(
        self,
        cprn: str,
        amount_minor: int,
        *,
        status: str = "PENDING",
        name: str = "",
        **more: object,
    ) -> str:
        """Create a transaction; without a name it is one that we did not ask for."""
        tx_id = f"NEO-{name or randomness.token_hex(6).upper()}"
        amount = money.decimal_str(amount_minor)
        payment = {"tx_id": tx_id, "cprn": cprn, "status": status, "amount": amount}
        self.payments[tx_id] = payment | {"currency": "ETB", "reference": ""} | more
        return tx_id

    def webhook(
        self,
        tx_id: str,
        status: str,
        *,
        nonce: str = "",
        key: int = 1,
        age_s: int = 0,
        **changes: object,
    ) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a signed webhook; key 3 forges."""
        known = self.payments[tx_id]
        body = {name: known[name] for name in ("tx_id", "cprn", "amount", "currency")}
        return self.sign(
            canonical(body | {"status": status} | changes), nonce=nonce, key=key, age_s=age_s
        )

    def sign(
        self, raw: bytes, *, nonce: str = "", key: int = 1, age_s: int = 0
    ) -> tuple[bytes, dict[str, str]]:
        """Sign any bytes as the bank does."""
        stamp, once = str(int(clock.now().timestamp()) - age_s), nonce or secrets.token_hex(16)
        signature = key_of(key).sign(f"{stamp}.{once}.".encode() + raw, _PADDING, _HASH)
        return raw, {
            "Content-Type": "application/json",
            "X-Signature": base64.b64encode(signature).decode(),
            "X-Timestamp": stamp,
            "X-Nonce": once,
        }

    def _call(self, method: str, path: str, body: bytes, key: str) -> dict[str, Any] | None:
        self.calls.append((method, path))
        if self.down:
            raise GatewayUnknown("The bank does not answer at the moment.")
        answer = self._get_answer(path) if method == "GET" else self._once(path, body, key)
        if self.lose_answers:
            self.lose_answers -= 1
            raise GatewayUnknown("The bank does not answer at the moment.")
        return answer

    def _get_answer(self, path: str) -> dict[str, Any] | None:
        name = path.rsplit("/", 1)[-1]
        if path.startswith("/balance/"):
            return {"cprn": name, "balance": "1000.00", "currency": "ETB"}
        if path.startswith("/transactions?"):
            return self._list(path)
        if self.wrong_answer is not None:
            return self.wrong_answer
        if path.startswith("/payout/"):
            return self.payouts.get(name)
        by_reference = (p for p in self.payments.values() if p["reference"] == name)
        return self.payments.get(name) or next(by_reference, None)

    def _list(self, path: str) -> dict[str, Any] | None:
        if not self.lists:
            return None
        names = list(self.payments)
        after = path.rpartition("after=")[2]
        begin = names.index(after) + 1 if after else 0
        return {"transactions": [self.payments[name] for name in names[begin : begin + LIST_PAGE]]}

    def _once(self, path: str, body: bytes, key: str) -> dict[str, Any]:
        """Carry out what a key asks for the first time, though two threads may ask at once."""
        with self._answering:
            if key not in self.answers:
                verb = {"/register": self._register, "/payout": self._pay_out}
                self.answers[key] = verb.get(path, self._open)(json.loads(body), self._name(key))
            return self.answers[key]

    def _name(self, key: str) -> str:
        """Return the part of a number that follows from the key, whichever thread asks first."""
        return hashlib.sha256(self._salt + key.encode()).hexdigest()[:12].upper()

    def _pay_out(self, body: Mapping[str, Any], name: str) -> dict[str, Any]:
        if self.refuse_payouts:
            raise GatewayRefused("The bank refused the request.")
        if "tx_id" in body and money.parse(body["amount"]) > self.left_of(body["tx_id"]):
            raise GatewayRefused("The bank refused the request.")
        payout_id = f"NPO-{name}"
        told = ("reference", "amount", "currency", "tx_id" if "tx_id" in body else "account_number")
        payout = {name: body[name] for name in told} | {"payout_id": payout_id, "reason": ""}
        self.payouts[body["reference"]] = payout | {"status": "PENDING"}
        return {"payout_id": payout_id, "status": "PENDING"}

    def left_of(self, tx_id: str) -> int:
        """Return what may still go back of a transaction, in minor units."""
        paid = self.payments.get(tx_id)
        if paid is None or paid["status"] not in ("SUCCESS", "SETTLED"):
            return 0
        back = [one for one in self.payouts.values() if one.get("tx_id") == tx_id]
        gone = sum(money.parse(one["amount"]) for one in back if one["status"] != "FAILED")
        return money.parse(paid["amount"]) - gone

    def _register(self, _body: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {"cprn": f"CPRN-{name[:8]}", "status": "REGISTERED"}

    def _open(self, body: Mapping[str, Any], name: str) -> dict[str, Any]:
        asked = {name: body[name] for name in ("amount", "currency", "reference")}
        tx_id = self.open_payment(body["cprn"], 1, name=name, **asked)
        return {"tx_id": tx_id, "status": "PENDING", "checkout_url": self.checkout_url(tx_id)}
