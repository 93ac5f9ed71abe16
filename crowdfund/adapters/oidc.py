"""OpenID Connect: the way to the identity provider and back, by Authlib.

Authorization code with PKCE (S256). Nothing of an answer is believed before its ID token has our
issuer, our client, our nonce, a fitting time and a signature of one of the provider's published
keys by an algorithm of our list. A key that is not known yet is looked for once more: providers
rotate.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import quote

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, InvalidKeyTypeError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from crowdfund.kernel import clock, config
from crowdfund.kernel.errors import CrowdfundError, Unavailable
from crowdfund.kernel.i18n import _

ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",  # RFC 9864; EdDSA is its older name
    "EdDSA",
]
CALLBACK_PATH = "/sign-in/oidc/callback"
FRESH_S = 3600.0  # how long discovery and keys are cached
# how long a provider that did not answer is not asked again: each asking holds a web thread
AWAY_S = 5.0
LEEWAY_S = 60  # how far the provider's clock may be from ours
TIMEOUT_S = (3.05, 6.0)  # to connect, to answer
_PROMISES_ISSUER = "authorization_response_iss_parameter_supported"
# Whatever a provider's answer may be made of: wrong types raise the last four.
_UNREADABLE = (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError, AttributeError)

log = structlog.get_logger()


T = TypeVar("T")


class ProviderUnavailable(Unavailable):
    """The provider does not answer, or not as its discovery document promises."""

    code = "oidc_unavailable"

    def __init__(self) -> None:
        name = config.settings().oidc_name
        super().__init__(
            _(
                "%(name)s does not answer at the moment. Nothing was changed. Sign in another way.",
                name=name,
            )
        )


class ProviderRefused(CrowdfundError):
    """The provider's answer proves nobody: refused by it, stale, or not to be trusted."""

    code = "oidc_refused"

    def __init__(self) -> None:
        name = config.settings().oidc_name
        text = _(
            "The answer of %(name)s could not be accepted, so nobody was signed in.", name=name
        )
        super().__init__(text + " " + _("Start again, or sign in another way."))


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the provider has proved them; do not trust an unverified e-mail address."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


class Provider:
    """One identity provider; one object per process, safe between threads."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, scopes: str, callback: str
    ) -> None:
        self._issuer, self._client_id, self._secret = issuer, client_id, client_secret
        self._scopes, self._callback = scopes, callback
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[float, Any]] = {}
        self._away_since = -AWAY_S

    def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser goes to sign in; raises ProviderUnavailable."""
        endpoint = self._metadata("authorization_endpoint")
        with self._session() as session:
            url, _state = session.create_authorization_url(
                endpoint, state=state, nonce=nonce, code_verifier=verifier
            )
        return str(url)

    def identity(self, code: str, *, nonce: str, verifier: str) -> Identity:
        """Exchange a code for an identity. Raises ProviderUnavailable or ProviderRefused."""
        token = self._exchange(code, verifier)
        try:
            claims = self._claims(token, nonce)
            if not claims.keys() >= {"email", "email_verified"} and token.get("access_token"):
                claims = {**self._more(token, claims), **claims}
            return self._identity(claims)
        except _UNREADABLE as error:
            raise _refused("id_token", error) from error

    def is_issuer(self, issuer: str | None) -> bool:
        """Return whether an answer is from this provider by its `iss` (RFC 9207).

        It may be missing only where the provider does not promise it. Raises ProviderUnavailable.
        """
        if issuer is None:
            return self._discovery().get(_PROMISES_ISSUER) is not True
        return issuer == self._issuer

    def check(self) -> None:
        """Read discovery document and keys. Raises ProviderUnavailable if they are unusable."""
        for name in ("authorization_endpoint", "token_endpoint"):
            self._metadata(name)
        self._keys()

    # -- the token -------------------------------------------------------------------------

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        endpoint = self._metadata("token_endpoint")
        try:
            with self._session() as session:
                token = session.fetch_token(
                    endpoint,
                    code=code,
                    code_verifier=verifier,
                    grant_type="authorization_code",
                    redirect_uri=self._callback,
                    allow_redirects=False,
                    auth=self._basic(),
                )
        except requests.RequestException as error:
            raise _unavailable("token", error) from error
        except _UNREADABLE as error:
            raise _refused("token", error) from error
        if not isinstance(token.get("id_token"), str):
            raise _refused("token", "no id_token")
        return dict(token)

    def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return the ID token's claims; raises one of _UNREADABLE when it is not for us, now."""
        decoded = self._decode(token["id_token"])
        expected = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        facts = {
            "nonce": nonce,
            "client_id": self._client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(decoded.claims, decoded.header, expected, facts)
        claims.validate(now=int(clock.real().timestamp()), leeway=LEEWAY_S)
        return dict(claims)

    def _decode(self, text: str) -> jwt.Token:
        try:
            return _signed_by(self._keys(), text)
        except (InvalidKeyIdError, InvalidKeyTypeError, BadSignatureError):
            with self._lock:
                self._cache.pop("jwks", None)
            return _signed_by(self._keys(), text)

    def _more(self, token: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the userinfo endpoint adds, for providers whose ID token has few claims.

        Empty when it fails. An address that it calls verified must be the one of the ID token.
        """
        try:
            claims = self._userinfo(token["access_token"])
        except (ProviderUnavailable, *_UNREADABLE) as error:
            log.warning("oidc.userinfo", why=_reason(error))
            return {}
        if claims.get("sub") != known["sub"]:
            return {}
        if claims.get("email", known.get("email")) != known.get("email", claims.get("email")):
            claims.pop("email_verified", None)
        return claims

    def _userinfo(self, access_token: str) -> dict[str, Any]:
        """Return the claims of the userinfo endpoint, which may be JSON or a signed token."""
        endpoint = self._discovery().get("userinfo_endpoint")
        if not endpoint:
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        answer = self._answer(self._checked(endpoint), headers)
        if "application/jwt" not in answer.headers.get("Content-Type", "").lower():
            return _object(answer)
        claims = dict(self._decode(answer.text.strip()).claims)
        expected = {"iss": self._issuer, "aud": self._client_id}
        for name, ours in expected.items():
            theirs = claims.get(name, ours)
            if ours != theirs and not (isinstance(theirs, list) and ours in theirs):
                raise ValueError(name)
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject, email = claims["sub"], claims.get("email")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
            raise ValueError("sub")
        if subject != subject.strip():  # MariaDB takes it for the one without the blank
            raise ValueError("sub")
        return Identity(
            issuer=self._issuer,
            subject=subject,
            email=email if isinstance(email, str) else "",
            email_verified=_is_true(claims.get("email_verified")),
            name=_name(claims),
        )

    # -- what the provider publishes -------------------------------------------------------

    def _metadata(self, name: str) -> str:
        return self._checked(self._discovery().get(name))

    def _checked(self, address: object) -> str:
        """Return an address of the discovery document; one less safe than the issuer is none."""
        schemes = ("https://",) if self._issuer.startswith("https://") else ("https://", "http://")
        if not isinstance(address, str) or not address.startswith(schemes):
            raise _unavailable("discovery", "an address is missing or not https")
        return address

    def _discovery(self) -> dict[str, Any]:
        address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = self._fresh("discovery", lambda: self._get(address))
        if found.get("issuer") != self._issuer:
            with self._lock:
                self._cache.pop("discovery", None)
            raise _unavailable("discovery", "another issuer")
        return found

    def _keys(self) -> KeySet:
        return self._fresh("jwks", lambda: _key_set(self._get(self._metadata("jwks_uri"))))

    def _fresh(self, what: str, ask: Callable[[], T]) -> T:
        cached = self._cache.get(what)
        if cached and time.monotonic() - cached[0] < FRESH_S:
            return cast(T, cached[1])
        if time.monotonic() - self._away_since < AWAY_S:
            raise ProviderUnavailable
        try:
            found = ask()  # two threads may ask at once: better than waiting for each other
        except ProviderUnavailable:
            self._away_since = time.monotonic()
            raise
        with self._lock:
            self._cache[what] = (time.monotonic(), found)
        return found

    def _get(self, address: str) -> dict[str, Any]:
        return _object(self._answer(address))

    def _answer(self, address: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        try:
            answer = requests.get(
                address, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
            )
            answer.raise_for_status()
        except requests.RequestException as error:
            raise _unavailable("get", error) from error
        return answer

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self._client_id,
            self._secret or None,
            token_endpoint_auth_method=self._how_we_show_ourselves(),
            scope=self._scopes,
            redirect_uri=self._callback,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_S,
        )

    def _basic(self) -> tuple[str, str] | None:
        """Return name and secret, each encoded as RFC 6749 (2.3.1) asks and Authlib does not."""
        if self._how_we_show_ourselves() != "client_secret_basic":
            return None
        return quote(self._client_id, safe=""), quote(self._secret, safe="")

    def _how_we_show_ourselves(self) -> str:
        if not self._secret:
            return "none"
        offered = self._discovery().get("token_endpoint_auth_methods_supported")
        posts_only = isinstance(offered, list) and "client_secret_basic" not in offered
        return "client_secret_post" if posts_only else "client_secret_basic"


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except requests.RequestException as error:
        raise _unavailable("get", error) from error
    if not isinstance(found, dict):
        raise _unavailable("get", "no JSON object")
    return found


def _key_set(found: Mapping[str, Any]) -> KeySet:
    """Return the signing keys; kinds that we do not know are left out, they sign nothing for us."""
    keys = []
    for one in found.get("keys") or []:
        try:
            if one.get("use", "sig") == "sig":
                keys += KeySet.import_key_set({"keys": [_without_old_name(one)]}).keys
        except _UNREADABLE:
            log.info("oidc.key_skipped")
    if not keys:
        raise _unavailable("jwks", "no key")
    return KeySet(keys)


def _name(claims: Mapping[str, Any]) -> str:
    """Return the person's name, made of its parts where the provider sends only those."""
    whole = claims.get("name")
    parts = [whole] if whole else [claims.get("given_name"), claims.get("family_name")]
    return " ".join(part for part in parts if isinstance(part, str)).strip()


def _without_old_name(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return a key that fits both names of its algorithm: EdDSA, and Ed25519 of RFC 9864."""
    is_either = key.get("alg") in ("EdDSA", "Ed25519")
    return {name: value for name, value in key.items() if name != "alg" or not is_either}


def _signed_by(keys: KeySet, text: str) -> jwt.Token:
    """Return a token that one of the keys has signed; raises a JoseError.

    Tried are the keys with its name, and all where a token or a key has none.
    """
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    name = jws.extract_compact(text.encode()).headers().get("kid")
    error: JoseError = InvalidKeyIdError(f"No key for kid: {name!r}")
    for key in keys.keys:
        if name is None or key.kid in (None, name):
            try:
                return jwt.decode(text, key, registry=registry)
            except JoseError as found:
                error = found
    raise error


def _is_true(value: object) -> bool:
    return value is True or value == "true"  # some providers write the word


def _unavailable(step: str, why: object) -> ProviderUnavailable:
    log.warning("oidc.unavailable", step=step, why=_reason(why))
    return ProviderUnavailable()


def _refused(step: str, why: object) -> ProviderRefused:
    log.warning("oidc.refused", step=step, why=_reason(why))
    return ProviderRefused()


def _reason(why: object) -> str:
    """Return a word for the log without anything personal: the fact's name, and which claim."""
    if not isinstance(why, Exception):
        return str(why)
    claim = getattr(why, "claim", "") or getattr(why, "error", "")
    return f"{type(why).__name__} {claim}".strip()


def provider() -> Provider:
    """Return the provider of the settings; raises ProviderUnavailable when there is none."""
    settings = config.settings()
    if not settings.oidc_offered:
        raise ProviderUnavailable
    return _provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_scopes,
        settings.public_url + CALLBACK_PATH,
    )


@lru_cache(maxsize=4)
def _provider(*facts: str) -> Provider:
    return Provider(*facts)
