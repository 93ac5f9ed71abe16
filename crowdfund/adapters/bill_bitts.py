"""Bill Bitts / NEO Bank: every fact known of this gateway, in one place.

Requests carry `X-Signature` (RSASSA-PKCS1-v1_5 SHA-256, Base64, over the canonical JSON body; over
nothing when there is no body), `X-Signature-V2` (over method, path, time, nonce and digest),
`X-Api-Key`, `X-Timestamp`, `X-Nonce` and, when they change something, `Idempotency-Key`. The bytes
that were signed are the bytes that are sent. Webhooks are signed over `timestamp.nonce.rawbody` by
one of two live bank keys. RSA with PKCS#1 v1.5 is the bank's choice and weaker than we would take,
so money needs a status query that agrees (rules.md, Payments).
"""

import base64
import binascii
import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from crowdfund.adapters import gateways
from crowdfund.adapters.gateways import (
    CannotList,
    Event,
    GatewayForeign,
    GatewayNotConfigured,
    GatewayRefused,
    GatewayUnauthorized,
    GatewayUnclear,
    GatewayUnknown,
    Initiated,
    Order,
    Payer,
    PayoutOrder,
    PayoutStatus,
    PayoutTruth,
    ReturnOrder,
    Status,
    Truth,
    WebhookForged,
    WebhookMalformed,
)
from crowdfund.kernel import clock, config, hashing, money

NAME = "bill_bitts"
TIMEOUT_S = 10
WINDOW_S = 300
CONNECTIONS = 16
_PADDING = padding.PKCS1v15()
_HASH = hashes.SHA256()
_AMOUNT = re.compile(r"([0-9]{1,13})\.([0-9]{2})", re.ASCII)
_CPRN = re.compile(r"CPRN-[A-Z0-9]{8}", re.ASCII)
_TX_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_REFERENCE = re.compile(r"[ -~]{0,120}", re.ASCII)  # empty for what the customer began at the bank
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_ACCOUNT = re.compile(r"[A-Z0-9]{4,34}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)


def canonical(body: Mapping[str, object]) -> bytes:
    """Return the JSON bytes to sign and to send: keys sorted, no spaces, UTF-8."""
    return hashing.canonical(body)


class BillBitts:
    """The gateway over HTTP; one object per process, safe between threads."""

    needs: tuple[str, ...] = ("email",)  # its /register wants a phone too, but takes an empty one

    def __init__(
        self,
        api_url: str,
        api_key: str,
        *,
        private_key: rsa.RSAPrivateKey | None,
        bank_keys: Sequence[rsa.RSAPublicKey],
        name: str = NAME,
    ) -> None:
        import urllib3  # 15 ms, and few processes talk to the bank

        self.name = name
        self._url = api_url.rstrip("/")
        self._api_key = api_key
        self._key = private_key
        self._bank_keys = list(bank_keys)
        self._http = urllib3.PoolManager(maxsize=CONNECTIONS, retries=False)

    def register(self, person: Payer, *, key: str) -> str:
        """Register a customer and return the CPRN."""
        body = {
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone": person.phone,
        }
        cprn = self._post("/register", body, key).get("cprn")
        if not isinstance(cprn, str) or not _CPRN.fullmatch(cprn):
            raise GatewayUnknown("The bank answered without a customer number.")
        return cprn

    def initiate(self, order: Order, *, key: str) -> Initiated:
        """Open a payment; after GatewayUnknown ask `query(order.reference)` first."""
        body = {
            "cprn": order.customer_ref,
            "amount": money.decimal_str(order.amount_minor, order.currency),
            "currency": order.currency,
            "description": order.description,
            "reference": order.reference,
            "return_url": order.return_url,
        }
        answer = self._post("/payment/initiate", body, key)
        tx_id, checkout = answer.get("tx_id"), answer.get("checkout_url")
        if not isinstance(tx_id, str) or not _TX_ID.fullmatch(tx_id):
            raise GatewayUnknown("The bank answered without a transaction number.")
        return Initiated(tx_id, _web_address(checkout) or self.checkout_url(tx_id))

    def query(self, name: str) -> Truth | None:
        """Return the bank's own view of a payment, or None when it knows none.

        Raises GatewayForeign when the answer is about another payment, GatewayUnclear when it
        lacks a field.
        """
        answer = self._get(f"/payment/{quote(name, safe='')}")
        if answer is None:
            return None
        truth = _truth(answer)
        if name not in (truth.tx_id, truth.reference):
            raise GatewayForeign(f"Asked about {name}, the bank answered about {truth.tx_id}.")
        return truth

    def pay_out(self, order: PayoutOrder, *, key: str) -> str:
        """Order a payout to a bank account and return the bank's number of it.

        An optional part of the protocol: `POST /payout`, and `GET /payout/<reference>` for its
        status (docs/adr/0037-money-out.md).
        """
        body = {
            "reference": order.reference,
            "amount": money.decimal_str(order.amount_minor, order.currency),
            "currency": order.currency,
            "country": order.country,
            "bank_code": order.bank_code,
            "account_number": order.number,
            "holder": order.holder,
        }
        return self._order(body, key)

    def refund(self, order: ReturnOrder, *, key: str) -> str:
        """Order a payout to the account that paid a transaction; return the bank's number of it.

        The same optional part of the protocol: `POST /payout` with the transaction in the place of
        an account (docs/adr/0043-refunds-on-their-own-rail.md).
        """
        body = {
            "reference": order.reference,
            "amount": money.decimal_str(order.amount_minor, order.currency),
            "currency": order.currency,
            "tx_id": order.tx_id,
        }
        return self._order(body, key)

    def _order(self, body: Mapping[str, object], key: str) -> str:
        payout_id = self._post("/payout", body, key).get("payout_id")
        if not isinstance(payout_id, str) or not _TX_ID.fullmatch(payout_id):
            raise GatewayUnknown("The bank answered without a payout number.")
        return payout_id

    def payout(self, reference: str) -> PayoutTruth | None:
        """Return the bank's own view of the payout with our reference, or None."""
        answer = self._get(f"/payout/{quote(reference, safe='')}")
        if answer is None:
            return None
        truth = _payout_truth(answer)
        if truth.reference != reference:
            raise GatewayForeign(f"Asked about {reference}, the bank answered about another one.")
        return truth

    def transactions(self, since: datetime) -> Iterator[list[Truth]]:
        """Yield pages of the transactions opened since a moment, oldest first. Raises CannotList.

        An optional part of the protocol: `GET /transactions?since=<seconds>&after=<tx_id>`.
        """
        after = ""
        while True:
            answer = self._get(
                f"/transactions?since={int(since.timestamp())}&after={quote(after, safe='')}"
            )
            rows = answer.get("transactions") if answer else None
            if not isinstance(rows, list):
                raise CannotList("This bank cannot list its transactions. Ask it for a statement.")
            if not rows:
                return
            page = [_truth(row) for row in rows]
            if page[-1].tx_id == after:
                raise GatewayUnknown("The bank's list does not go on.")
            yield page
            after = page[-1].tx_id

    def balance(self, cprn: str) -> int:
        """Return the customer's balance in minor units."""
        answer = self._get(f"/balance/{quote(cprn, safe='')}") or {}
        return _minor(answer.get("balance"))

    def checkout_url(self, tx_id: str) -> str:
        """Return where the customer pays a transaction."""
        return f"{self._url}/checkout/{tx_id}"

    def verify_webhook(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> str:
        """Check time and signature on the raw bytes; return the nonce.

        Raises WebhookForged when no live bank key fits, or the time is more than 300 s away.
        """
        stamp, nonce = headers.get("X-Timestamp", ""), headers.get("X-Nonce", "")
        if not _STAMP.fullmatch(stamp) or not _NONCE.fullmatch(nonce):
            raise WebhookForged("X-Timestamp or X-Nonce is missing.")
        if abs(int(stamp) - now.timestamp()) > WINDOW_S:
            raise WebhookForged("X-Timestamp is more than 300 seconds away.")
        try:
            signature = base64.b64decode(headers.get("X-Signature", ""), validate=True)
        except (binascii.Error, ValueError):
            raise WebhookForged("X-Signature is not Base64.") from None
        message = f"{stamp}.{nonce}.".encode() + raw
        for number, key in enumerate(self._bank_keys):
            try:
                key.verify(signature, message, _PADDING, _HASH)
            except InvalidSignature:
                continue
            if number:  # try the key in use first: the next webhook needs only one check
                self._bank_keys = [key, *(k for k in self._bank_keys if k is not key)]
            return nonce
        raise WebhookForged("The signature (X-Signature) is wrong.")

    def parse_webhook(self, raw: bytes) -> Event:
        """Read a verified body strictly; the sentence of WebhookMalformed names the field."""
        try:
            data = _STRICT_JSON.decode(raw.decode(json.detect_encoding(raw)))
        except (ValueError, RecursionError):
            raise WebhookMalformed("The body is not JSON.") from None
        if not isinstance(data, dict):
            raise WebhookMalformed("The body is not a JSON object.")
        _check_fields(data)
        return Event(
            tx_id=data["tx_id"],
            customer_ref=data["cprn"],
            status=data["status"],
            amount_minor=_positive(data["amount"]),
            currency=data["currency"],
        )

    def _post(self, path: str, body: Mapping[str, object], key: str) -> dict[str, Any]:
        answer = self._call("POST", path, canonical(body), key)
        if answer is None:
            raise GatewayRefused("The bank does not know this customer.")
        return answer

    def _get(self, path: str) -> dict[str, Any] | None:
        return self._call("GET", path, b"", "")

    def _call(self, method: str, path: str, body: bytes, key: str) -> dict[str, Any] | None:
        """Send signed bytes once; None is a 404, everything unclear is GatewayUnknown."""
        import urllib3

        headers = self._headers(method, path, body, key)
        try:
            answer = self._http.request(
                method,
                self._url + path,
                body=body or None,
                headers=headers,
                timeout=TIMEOUT_S,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise GatewayUnknown("The bank does not answer at the moment.") from error
        return _read(answer.status, answer.data)

    def _headers(self, method: str, path: str, body: bytes, key: str) -> dict[str, str]:
        """Return the headers of a signed request; refuses without key or address."""
        if self._key is None or not self._api_key or not self._url:
            raise GatewayNotConfigured("The bank connection is not set up.")
        stamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
        signed_path = urlsplit(self._url).path + path
        digest = hashlib.sha256(body).hexdigest()
        second = f"{method}\n{signed_path}\n{stamp}\n{nonce}\n{digest}".encode()
        headers = {
            "Content-Type": "application/json",
            "X-Api-Key": self._api_key,
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Signature": self._sign(body) if body else self._empty_signature,
            "X-Signature-V2": self._sign(second),
        }
        if key:
            headers["Idempotency-Key"] = key
        return headers

    def _sign(self, message: bytes) -> str:
        key = cast(rsa.RSAPrivateKey, self._key)
        return base64.b64encode(key.sign(message, _PADDING, _HASH)).decode()

    @property
    def _empty_signature(self) -> str:
        """PKCS#1 v1.5 is deterministic, so the signature over nothing is made once."""
        if not hasattr(self, "_empty"):
            self._empty = self._sign(b"")
        return self._empty


def from_settings() -> BillBitts:
    """Build the gateway from the environment; a missing key raises when it is needed."""
    settings = config.settings()
    path = settings.billbitts_private_key_path
    return BillBitts(
        settings.billbitts_api_url,
        settings.billbitts_api_key,
        private_key=_private(path) if path else None,
        bank_keys=[_public(name) for name in settings.billbitts_public_key_paths],
    )


@lru_cache(maxsize=8)
def _private(path: str) -> rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives import serialization  # 7 ms, for two keys

    key = serialization.load_pem_private_key(Path(path).read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise GatewayNotConfigured("BILLBITTS_PRIVATE_KEY_PATH is not an RSA key.")
    return key


@lru_cache(maxsize=8)
def _public(path: str) -> rsa.RSAPublicKey:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_public_key(Path(path).read_bytes())
    if not isinstance(key, rsa.RSAPublicKey):
        raise GatewayNotConfigured("BILLBITTS_PUBLIC_KEY_PATHS holds something else than RSA.")
    return key


def _read(status: int, data: bytes) -> dict[str, Any] | None:
    if status == 404:
        return None
    # after a clock jump or a changed key: once repaired, the same request succeeds
    if status == 401:
        raise GatewayUnauthorized("The bank does not accept our requests at the moment.")
    if 400 <= status < 500 and status not in (408, 429):
        raise GatewayRefused("The bank refused the request.")
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if status != 200 or not isinstance(answer, dict):
        raise GatewayUnknown("The bank gave no clear answer.")
    return answer


def _truth(answer: Mapping[str, Any]) -> Truth:
    """Read an answer to the status query; one that lacks a field is unclear."""
    status, currency = answer.get("status"), answer.get("currency")
    if status not in gateways.STATUSES or currency not in money.DECIMALS:
        raise GatewayUnclear("The bank gave no clear answer about this payment.")
    return Truth(
        tx_id=_text(answer, "tx_id", _TX_ID),
        customer_ref=_text(answer, "cprn", _CPRN),
        status=cast(Status, status),
        amount_minor=_minor(answer.get("amount")),
        currency=cast(str, currency),
        reference=_text(answer, "reference", _REFERENCE),
    )


def _payout_truth(answer: Mapping[str, Any]) -> PayoutTruth:
    """Read an answer about a payout; one that lacks a field is unclear."""
    status, currency, reason = (answer.get(name) for name in ("status", "currency", "reason"))
    if status not in gateways.PAYOUT_STATUSES or currency not in money.DECIMALS:
        raise GatewayUnclear("The bank gave no clear answer about this payout.")
    is_return = bool(answer.get("tx_id"))
    return PayoutTruth(
        payout_id=_text(answer, "payout_id", _TX_ID),
        reference=_text(answer, "reference", _REFERENCE),
        status=cast(PayoutStatus, status),
        amount_minor=_minor(answer.get("amount")),
        currency=cast(str, currency),
        number="" if is_return else _text(answer, "account_number", _ACCOUNT),
        tx_id=_text(answer, "tx_id", _TX_ID) if is_return else "",
        reason=reason[:200] if isinstance(reason, str) and reason.isprintable() else "",
    )


def _text(answer: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise GatewayUnclear(f"The bank answered about this payment without a valid {name}.")
    return value


def _minor(text: object) -> int:
    match = _AMOUNT.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise GatewayUnclear("The bank gave no clear amount.")
    return int(match[1]) * 100 + int(match[2])


def _positive(text: str) -> int:
    match = _AMOUNT.fullmatch(text)
    minor = int(match[1]) * 100 + int(match[2]) if match else 0
    if minor <= 0:
        raise WebhookMalformed('amount must be a text like "250.00", more than zero.')
    return minor


def _check_fields(data: dict[str, Any]) -> None:
    patterns = {"cprn": _CPRN, "tx_id": _TX_ID, "amount": _AMOUNT}
    for name in ("cprn", "status", "amount", "tx_id", "currency"):
        if not isinstance(data.get(name), str):
            raise WebhookMalformed(f"{name} must be a text.")
    for name, pattern in patterns.items():
        if not pattern.fullmatch(data[name]):
            raise WebhookMalformed(f"{name} does not have the expected form.")
    if data["status"] not in gateways.STATUSES:
        raise WebhookMalformed("status must be PENDING, SUCCESS, SETTLED or FAILED.")
    if data["currency"] not in money.DECIMALS:
        raise WebhookMalformed("currency is not one that we take.")
    _check_tokens(data)


def _check_tokens(data: dict[str, Any]) -> None:
    for name in ("token_contract_address", "token_symbol"):
        value = data.get(name)
        if value is not None and not (isinstance(value, str) and _TOKEN.fullmatch(value)):
            raise WebhookMalformed(f"{name} does not have the expected form.")


def _web_address(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _no_constant(name: str) -> object:
    raise ValueError(name)


_STRICT_JSON = json.JSONDecoder(parse_constant=_no_constant)  # takes no NaN and no Infinity

gateways.register(NAME, from_settings, title="NEO Bank")
