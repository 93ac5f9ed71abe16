"""ID tokens as a liar or a broken provider would make them."""

import base64
import hashlib
import hmac
import json
from typing import Any

from joserfc import jwt

from crowdfund.local.identity_provider.state import State


def reworked(token: str, state: State) -> str:
    """Return the token with the faults that are on; without any it is unchanged."""
    faults = state.faults
    if not faults.claims and faults.algorithm == "RS256" and faults.key == "published":
        return token
    claims = json.loads(_decoded(token.split(".")[1])) | faults.claims
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": faults.algorithm, "kid": state.key.kid}
    if faults.algorithm == "none":
        return _unsigned(header, claims) + "."
    if faults.algorithm == "HS256":
        # The old confusion: the public key, which everybody knows, as a shared secret.
        body = _unsigned(header, claims)
        secret = state.key.as_pem(private=False)
        return f"{body}.{_encoded(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"
    key = state.stranger if faults.key == "stranger" else state.key
    return str(jwt.encode(header, claims, key, [faults.algorithm]))


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
