"""The provider's HTTP: discovery, keys, the page, the token endpoint, and control of faults."""

import os
import secrets
import time
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urljoin

from authlib.common.urls import add_params_to_uri
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import OAuth2Request
from flask import Flask, Response, abort, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.local.identity_provider import pages
from crowdfund.local.identity_provider.grants import SCOPES, Client, Pkce, code_grant, id_tokens
from crowdfund.local.identity_provider.state import Account, Faults, State

# The provider of a machine of one's own speaks plain HTTP, which Authlib's server refuses by
# default.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
_CSP = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(state: State, client: Client) -> Flask:
    """Return the provider's application."""
    app = Flask(__name__, static_folder=None)

    def remember(token: dict[str, Any], asked: OAuth2Request) -> None:
        state.tokens[token["access_token"]] = (asked.user, token["scope"])

    def query_client(client_id: str) -> Client | None:
        return client if client_id == client.client_id else None

    server = AuthorizationServer(app, query_client, remember)
    server.register_grant(code_grant(state), [id_tokens(state, _issuer), Pkce(required=True)])
    _publish(app, state, client)
    _authorize(app, state, server, client)
    _exchange(app, state, server)
    _steer(app, state, client)
    return app


def _sign_in_page(client: Client) -> str:
    """Return the platform's sign-in page, on the host of the redirect URI."""
    return urljoin(client.redirect_uri, "/sign-in")


def _issuer() -> str:
    return request.host_url.rstrip("/")


def _publish(app: Flask, state: State, client: Client) -> None:
    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        time.sleep(state.faults.delay_s)
        here = _issuer()
        found = {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "userinfo_endpoint": f"{here}/userinfo",
            "jwks_uri": f"{here}/jwks",
            "scopes_supported": SCOPES.split(),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return jsonify(found | state.faults.discovery)

    @app.get("/jwks")
    def jwks() -> Response:
        return jsonify(state.published())

    @app.get("/style.css")
    def style() -> Response:
        return Response(pages.STYLE, mimetype="text/css")

    @app.get("/")
    def home() -> Response:
        return _html(pages.start(_sign_in_page(client)), 200)


def _authorize(app: Flask, state: State, server: AuthorizationServer, client: Client) -> None:
    @app.get("/authorize")
    def ask() -> BaseResponse:
        try:
            server.get_consent_grant(end_user=None)
        except OAuth2Error as error:
            if error.redirect_uri:
                return _with_issuer(server.handle_error_response(request, error), state)
            return _html(
                pages.refusal(error.description or error.error, _sign_in_page(client)), 400
            )
        return _html(
            pages.choose(state.accounts.values(), client.client_id, request.full_path), 200
        )

    @app.post("/authorize")
    def answer() -> BaseResponse:
        account = state.accounts.get(request.form.get("sub", ""))
        try:
            grant = server.get_consent_grant(end_user=account)
        except OAuth2Error as error:
            return _html(
                pages.refusal(error.description or error.error, _sign_in_page(client)), 400
            )
        response = server.create_authorization_response(grant_user=account, grant=grant)
        return _with_issuer(response, state)


def _exchange(app: Flask, state: State, server: AuthorizationServer) -> None:
    @app.post("/token")
    def token() -> BaseResponse:
        time.sleep(state.faults.delay_s)
        if state.faults.token_status:
            return Response(
                state.faults.token_body, state.faults.token_status, mimetype="application/json"
            )
        response: BaseResponse = server.create_token_response()
        return response

    @app.get("/userinfo")
    def userinfo() -> Response:
        known = state.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if known is None:
            abort(401)
        account, scope = known
        return jsonify(account.claims(scope))


def _steer(app: Flask, state: State, client: Client) -> None:
    """Accept faults, people and new keys from a caller with the client's secret (tests)."""

    @app.post("/_control")
    def control() -> Response:
        if not secrets.compare_digest(
            request.headers.get("X-Control-Key", ""), client.client_secret
        ):
            abort(401)
        asked = request.get_json()
        known = {one.name for one in fields(Faults)}
        state.faults = replace(Faults(), **{name: asked[name] for name in asked if name in known})
        for person in asked.get("accounts", ()):
            state.accounts[person["sub"]] = Account(**person)
        if asked.get("rotate"):
            state.rotate(drop=asked["rotate"] == "drop")
        return jsonify(keys=[key.kid for key in state.keys])


def _with_issuer(answer: BaseResponse, state: State) -> BaseResponse:
    """Add the issuer to what the browser brings back (RFC 9207), and what a fault adds."""
    more = {"iss": _issuer(), **state.faults.answer}
    address = add_params_to_uri(answer.headers["Location"], list(more.items()))
    return redirect(address, 303)


def _html(page: str, status: int) -> Response:
    headers = {"Content-Security-Policy": _CSP, "Cache-Control": "no-store"}
    return Response(page, status, headers, mimetype="text/html")
