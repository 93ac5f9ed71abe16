"""Access tokens of the API: JWT (RFC 7519) signed with keys derived from the secret key; pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crowdfund.kernel.errors import NotSignedIn
from crowdfund.kernel.i18n import _

# ruff: noqa: PLC0415 - joserfc costs 2 MB and 30 ms at start, and only the API needs it
if TYPE_CHECKING:
    from joserfc.jwk import OctKey
    from joserfc.jwt import JWTClaimsRegistry

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=14)
AUDIENCE = "crowdfund-api"
ALGORITHM = "HS256"
MAX_LENGTH = 4_000


class BadToken(NotSignedIn):
    """A token that is forged, used, expired or revoked: one answer for all of them."""

    code = "bad_token"

    def __init__(self) -> None:
        super().__init__(_("This token is not valid any more. Sign in again."))


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid access token contains."""

    person_id: str
    family_id: str


def sign(claims: Claims, *, secret: str, issuer: str, token_id: str, now: datetime) -> str:
    """Return an access token that is valid for 15 minutes (rules.md, API)."""
    from joserfc import jwt

    key, start = _key(secret), int(now.timestamp())
    body = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": claims.person_id,
        "fam": claims.family_id,
        "jti": token_id,
        "iat": start,
        "exp": start + int(ACCESS_LIFETIME.total_seconds()),
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, body, key, algorithms=[ALGORITHM])


def read(token: str, *, secrets: Sequence[str], issuer: str, now: datetime) -> Claims:
    """Return an access token's content; former secrets still verify it. Raises BadToken."""
    if not token.isascii() or len(token) > MAX_LENGTH:
        raise BadToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        decoded = jwt.decode(token, KeySet([_key(one) for one in secrets]), algorithms=[ALGORITHM])
        _required(issuer, now).validate(decoded.claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadToken from error
    person_id, family_id = decoded.claims["sub"], decoded.claims["fam"]
    if not isinstance(person_id, str) or not isinstance(family_id, str):
        raise BadToken
    return Claims(person_id, family_id)


def _required(issuer: str, now: datetime) -> "JWTClaimsRegistry":
    from joserfc import jwt

    # `jwt.decode` only checks the signature; without this an expired token would stay valid.
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=0,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        fam={"essential": True},
    )


def _key(secret: str) -> "OctKey":
    from joserfc.jwk import OctKey

    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"crowdfund api tokens v1")
    key = derived.derive(secret.encode())
    key_id = hashlib.sha256(b"kid" + key).hexdigest()[:16]
    return OctKey.import_key(key, {"kid": key_id, "alg": ALGORITHM})
