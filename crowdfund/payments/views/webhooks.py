"""Webhooks of gateways: verify, store, answer. The signature is the proof, not a session or token.

Gateways send bursts, so a middleware answers them before Flask's work for browsers (session, access
table, headers, transaction per request): half of the time that a webhook took was spent there. The
routes exist as well, for what the middleware does not take (chunked bodies), with the same answers.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import RequestEntityTooLarge

from crowdfund.adapters import bill_bitts, gateways
from crowdfund.adapters.gateways import MAX_WEBHOOK_BYTES
from crowdfund.kernel import config, csrf
from crowdfund.kernel.db import patience, transactions
from crowdfund.kernel.errors import CrowdfundError, NotFound
from crowdfund.payments.service import inbox
from crowdfund.payments.views.blueprint import bp

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

log = structlog.get_logger()
_TOO_LARGE = (413, {"error": "The body is larger than 64 kB."})
_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    413: "Content Too Large",
    429: "Too Many Requests",
}
_RETRY_AFTER = {429: "60", 503: "5"}
_HEADERS = ("Content-Type", "User-Agent", "X-Nonce", "X-Signature", "X-Timestamp")
_IN_ENVIRON = {
    name: ("HTTP_" + name.upper().replace("-", "_")).replace("HTTP_CONTENT", "CONTENT")
    for name in _HEADERS
}
Answer = tuple[int, dict[str, str]]


def answer(gateway: str, raw: bytes, headers: Mapping[str, str], client: str) -> Answer:
    """Return status and body for one webhook from a client's address."""
    try:
        accepted = inbox.accept(gateway, raw, headers, client=client)
    except CrowdfundError as refusal:
        return refusal.status, {"error": refusal.user_message}
    if accepted.parked:
        return 202, {"status": "parked", "transaction_id": accepted.tx_id}
    return 200, {"status": "verified", "transaction_id": accepted.tx_id}


class WebhookMiddleware:
    """WSGI in front of the application: answers webhooks, passes everything else on."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._behind = app.wsgi_app
        self._hops = config.settings().proxy_count

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        gateway = _gateway_at(environ.get("PATH_INFO", ""))
        length = environ.get("CONTENT_LENGTH") or ""
        has_length = length.isascii() and length.isdecimal() and len(length) < 20
        if gateway is None or environ["REQUEST_METHOD"] != "POST" or not has_length:
            return self._behind(environ, start_response)
        status, body = self._take(gateway, int(length), environ)
        data = json.dumps(body).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Length", str(len(data))),
        ]
        if status in _RETRY_AFTER:
            headers.append(("Retry-After", _RETRY_AFTER[status]))
        start_response(f"{status} {_REASONS.get(status, 'Unavailable')}", headers)
        return [data]

    def _take(self, gateway: str, length: int, environ: Mapping[str, Any]) -> Answer:
        if length > MAX_WEBHOOK_BYTES:
            return _TOO_LARGE
        headers = {name: environ[key] for name, key in _IN_ENVIRON.items() if environ.get(key)}
        try:
            with self._app.app_context(), patience(transactions.REQUEST_PATIENCE_S):
                raw = environ["wsgi.input"].read(length)
                return answer(gateway, raw, headers, self._client(environ))
        except Exception:
            log.exception("webhook.crashed", gateway=gateway)
            return 503, {"error": "We could not store this. Send it again."}

    def _client(self, environ: Mapping[str, Any]) -> str:
        """Return the sender's address: the middleware that reads proxies' headers runs later."""
        passed = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if self._hops and len(passed) >= self._hops:
            return str(passed[-self._hops])
        return str(environ.get("REMOTE_ADDR", ""))


def _gateway_at(path: str) -> str | None:
    """Return which gateway posts to a path, or None."""
    if not path.startswith("/webhooks/"):
        return None
    name = path.removeprefix("/webhooks/").removesuffix("/")
    if name == "neo-payment":
        return bill_bitts.NAME
    return name if name in gateways.names() else None


@bp.record_once
def _install_middleware(state: BlueprintSetupState) -> None:
    app: Any = state.app
    app.wsgi_app = WebhookMiddleware(app)


@bp.post("/webhooks/neo-payment/", strict_slashes=False)
@csrf.exempt
def neo_webhook() -> Response:
    """Take a webhook of NEO Bank at the address that it knows."""
    return _through_flask(bill_bitts.NAME)


@bp.post("/webhooks/<gateway>/", strict_slashes=False)
@csrf.exempt
def gateway_webhook(gateway: str) -> Response:
    """Take a webhook of a gateway by name."""
    if gateway not in gateways.names():
        raise NotFound("There is no such gateway.")
    return _through_flask(gateway)


def _through_flask(gateway: str) -> Response:
    request.max_content_length = MAX_WEBHOOK_BYTES
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        status, body = _TOO_LARGE
    else:
        status, body = answer(gateway, raw, dict(request.headers), request.remote_addr or "")
    sent = Response(json.dumps(body), status, mimetype="application/json")
    if status in _RETRY_AFTER:
        sent.headers["Retry-After"] = _RETRY_AFTER[status]
    return sent
