"""The gateway's side of the signatures: check requests, sign webhooks."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from crowdfund.kernel import hashing
from crowdfund.local.bill_bitts import keys
from crowdfund.local.bill_bitts.errors import Refused

WINDOW_S = 300
_PADDING = padding.PKCS1v15()
_HASH = hashes.SHA256()


def canonical(body: object) -> bytes:
    """Return the JSON bytes that are signed: keys sorted, no spaces, UTF-8."""
    return hashing.canonical(body)


class RequestChecker:
    """Refuses every request that does not carry what the protocol asks for."""

    def __init__(self, files: keys.KeyFiles) -> None:
        self._public = keys.load_public(files.platform_public)
        self._api_key = files.api_key.read_text().strip()
        # PKCS#1 v1.5 is deterministic: the signature over an empty body is always the same.
        self._empty_ok: str | None = None

    def check_api_key(self, headers: Mapping[str, str]) -> None:
        """Refuse an unknown caller (401)."""
        if headers.get("x-api-key") != self._api_key:
            raise Refused(401, "X-Api-Key is missing or unknown")

    def check(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: int
    ) -> str:
        """Check key, time and both signatures; return the nonce, which the caller burns."""
        self.check_api_key(headers)
        stamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
        if not (stamp.isascii() and stamp.isdigit()) or abs(int(stamp) - now) > WINDOW_S:
            raise Refused(401, "X-Timestamp is missing or outside of the 300 s window")
        if not 8 <= len(nonce) <= 128:
            raise Refused(401, "X-Nonce is missing")
        if body and canonical(_json(body)) != body:
            raise Refused(401, "the body is not canonical JSON")
        self._check_body(headers.get("x-signature", ""), body)
        digest = hashlib.sha256(body).hexdigest()
        self._verify(
            headers.get("x-signature-v2", ""),
            f"{method}\n{path}\n{stamp}\n{nonce}\n{digest}".encode(),
            "X-Signature-V2",
        )
        return nonce

    def _check_body(self, signature: str, body: bytes) -> None:
        if not body and signature and signature == self._empty_ok:
            return
        self._verify(signature, body, "X-Signature")
        if not body:
            self._empty_ok = signature

    def _verify(self, signature: str, message: bytes, header: str) -> None:
        try:
            raw = base64.b64decode(signature, validate=True)
            self._public.verify(raw, message, _PADDING, _HASH)
        except (InvalidSignature, binascii.Error, ValueError):
            raise Refused(401, f"{header} does not fit the request") from None


class WebhookSigner:
    """Signs webhooks with one of the two live bank keys, or with a stranger's for forgeries."""

    def __init__(self, files: keys.KeyFiles) -> None:
        self._keys = {n: keys.load_private(files.bank_private(n)) for n in keys.BANK_KEYS}
        self._stranger: rsa.RSAPrivateKey | None = None

    def headers(self, body: bytes, nonce: str, stamp: int, key: int) -> dict[str, str]:
        """Return the headers of one delivery; key 0 forges."""
        signature = self._key(key).sign(f"{stamp}.{nonce}.".encode() + body, _PADDING, _HASH)
        return {
            "Content-Type": "application/json",
            "X-Signature": base64.b64encode(signature).decode(),
            "X-Timestamp": str(stamp),
            "X-Nonce": nonce,
        }

    def _key(self, number: int) -> rsa.RSAPrivateKey:
        if number:
            return self._keys[number]
        if self._stranger is None:
            self._stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._stranger


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
