"""Authlib's authorization server for one client: code grant, PKCE (S256 only), ID tokens."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, UserInfo
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import RSAKey

from crowdfund.kernel import clock
from crowdfund.local.identity_provider.signing import reworked
from crowdfund.local.identity_provider.state import Account, State

SCOPES = "openid email profile"


@dataclass
class Client(ClientMixin):
    """The one application that people sign in to."""

    client_id: str
    client_secret: str
    redirect_uri: str

    def get_client_id(self) -> str:
        """Return its name."""
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        """Return where answers go."""
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        """Return what of a scope it may have."""
        return " ".join(one for one in (scope or "").split() if one in SCOPES.split())

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether answers may go there: letter by letter."""
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        """Return whether it knows the secret."""
        return secrets.compare_digest(self.client_secret, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Return whether it may show itself in this way."""
        return endpoint == "token" and method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        """Return whether it may ask for this."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether it may use this grant."""
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    """A code that was given to a browser and waits to be exchanged."""

    code: str
    sub: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    auth_time: int

    def get_redirect_uri(self) -> str:
        """Return where it was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the scope that was granted."""
        return self.scope

    def get_nonce(self) -> str:
        """Return the client's nonce."""
        return self.nonce

    def get_auth_time(self) -> int:
        """Return when the person signed in."""
        return self.auth_time


class Pkce(CodeChallenge):
    """PKCE as a current provider wants it: always, and never `plain`."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        """Refuse a request without a challenge."""
        if not grant.request.payload.data.get("code_challenge_method"):
            raise InvalidRequestError("Missing 'code_challenge_method'")
        super().validate_code_challenge(grant, redirect_uri)


def code_grant(state: State) -> type[AuthorizationCodeGrant]:
    """Return the grant class over a state."""

    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

        def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
            asked = request.payload.data
            state.forget_old_codes()
            state.codes[code] = Code(
                code,
                sub=request.user.sub,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                nonce=asked.get("nonce", ""),
                code_challenge=asked["code_challenge"],
                code_challenge_method=asked["code_challenge_method"],
                auth_time=_now(),
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            state.forget_old_codes()
            return state.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            state.codes.pop(authorization_code.code, None)

        def authenticate_user(self, authorization_code: Code) -> Account | None:
            return state.accounts.get(authorization_code.sub)

    return Grant


def id_tokens(state: State, issuer: Callable[[], str]) -> OpenIDCode:
    """Return the extension that adds an ID token; faults spoil it afterwards."""

    class Tokens(OpenIDCode):
        def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
            return any(row.nonce == nonce for row in state.codes.values())

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": issuer(), "aud": client.client_id, "exp": _now() + 300}

        def get_encode_header(self, client: Client) -> dict[str, str]:
            return {"alg": "RS256", "kid": state.key.kid or ""}

        def resolve_client_private_key(self, client: Client) -> RSAKey:
            return state.key

        def generate_user_info(self, user: Account, scope: str) -> UserInfo:
            return UserInfo(user.claims("openid" if state.faults.thin else scope))

        def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
            return reworked(super().encode_id_token(token, request), state)

    return Tokens(require_nonce=True)


def _now() -> int:
    """Return the provider's time: a platform whose clock is moved leaves it alone."""
    return int(clock.real().timestamp())
