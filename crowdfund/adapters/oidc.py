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

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
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
    "EdDSA",
]
CALLBACK_PATH = "/sign-in/oidc/callback"
FRESH_S = 3600.0  # how long discovery and keys are cached
# how long a provider that did not answer is not asked again: each asking holds a web thread
AWAY_S = 5.0
LEEWAY_S = 60  # how far the provider's clock may be from ours
TIMEOUT_S = (3.05, 6.0)  # to connect, to answer
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
            if "email" not in claims and token.get("access_token"):
                claims = {**self._more(token, claims["sub"]), **claims}
            return self._identity(claims)
        except _UNREADABLE as error:
            raise _refused("id_token", error) from error

    def is_issuer(self, issuer: str | None) -> bool:
        """Return whether the `iss` of an answer (RFC 9207), if there is one, is this provider."""
        return issuer is None or issuer == self._issuer

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
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY_S)
        return dict(claims)

    def _decode(self, text: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(text, self._keys(), registry=registry)
        except InvalidKeyIdError:
            with self._lock:
                self._cache.pop("jwks", None)
            return jwt.decode(text, self._keys(), registry=registry)

    def _more(self, token: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """Return what the userinfo endpoint adds, for providers whose ID token has few claims."""
        endpoint = self._discovery().get("userinfo_endpoint")
        if not endpoint:
            return {}
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        claims = self._get(self._checked(endpoint), headers)
        return claims if claims.get("sub") == subject else {}

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject, email = claims["sub"], claims.get("email")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
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

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = requests.get(
                address, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
            )
            answer.raise_for_status()
            found = answer.json()
        except requests.RequestException as error:
            raise _unavailable("get", error) from error
        if not isinstance(found, dict):
            raise _unavailable("get", "no JSON object")
        return found

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

    def _how_we_show_ourselves(self) -> str:
        if not self._secret:
            return "none"
        offered = self._discovery().get("token_endpoint_auth_methods_supported")
        posts_only = isinstance(offered, list) and "client_secret_basic" not in offered
        return "client_secret_post" if posts_only else "client_secret_basic"


def _key_set(found: Mapping[str, Any]) -> KeySet:
    """Return the signing keys; kinds that we do not know are left out, they sign nothing for us."""
    keys = []
    for one in found.get("keys") or []:
        try:
            if one.get("use", "sig") == "sig":
                keys += KeySet.import_key_set({"keys": [one]}).keys
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
