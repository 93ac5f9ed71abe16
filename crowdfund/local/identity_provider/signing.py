"""ID tokens as a liar or a broken provider would make them."""

import base64
import hashlib
import hmac
import json
from typing import Any

from joserfc import jwt

from crowdfund.local.identity_provider.state import State


def reworked(token: str, state: State) -> str:
    """Return the token as the moods want it; a good-natured provider changes nothing."""
    moods = state.moods
    if not moods.claims and moods.algorithm == "RS256" and moods.key == "published":
        return token
    claims = json.loads(_decoded(token.split(".")[1])) | moods.claims
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": moods.algorithm, "kid": state.key.kid}
    if moods.algorithm == "none":
        return _unsigned(header, claims) + "."
    if moods.algorithm == "HS256":
        # The old confusion: the public key, which everybody knows, as a shared secret.
        body = _unsigned(header, claims)
        secret = state.key.as_pem(private=False)
        return f"{body}.{_encoded(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"
    key = state.stranger if moods.key == "stranger" else state.key
    return str(jwt.encode(header, claims, key, [moods.algorithm]))


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
