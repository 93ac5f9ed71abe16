"""Headers of every answer: what browsers may do with it, who may cache it, what it depends on."""

import secrets
from functools import lru_cache
from typing import cast
from urllib.parse import urlsplit

from flask import g, request
from werkzeug.wrappers import Response

from crowdfund.kernel import config

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
# What a page depends on: htmx or not, and the language of the browser, a cookie or the account.
PAGE_VARIES = "HX-Request, Accept-Language, Cookie"
# For a year, and for this host alone: what else runs under its domain is not ours to decide.
_OVER_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


@lru_cache(maxsize=8)
def _for_site(public_url: str) -> dict[str, tuple[str, str]]:
    """Return the headers of every answer, by their names in lower case."""
    always = _ALWAYS | (_OVER_HTTPS if public_url.startswith("https:") else {})
    return {name.lower(): (name, value) for name, value in always.items()}


def complete(response: Response, *, is_personal: bool) -> None:
    """Add the headers that the view has not set itself; a personal page is never stored."""
    headers, settings = response.headers, config.settings()
    # `setdefault` would search all headers, and raise an exception inside, for each name.
    present = {name.lower() for name, _ in headers}
    for lower, (name, value) in _for_site(settings.public_url).items():
        if lower not in present:
            headers.add(name, value)
    if "content-security-policy" not in present:
        headers.add("Content-Security-Policy", _policy(settings.events_url))
    if response.mimetype == "text/html":
        if "cache-control" not in present:
            headers.add("Cache-Control", "no-store" if is_personal else "no-cache")
    elif request.endpoint == "static" and "v" in request.args:  # the address holds the file's hash
        headers["Cache-Control"] = "public, max-age=31536000, immutable"


def vary_by(response: Response, name: str) -> None:
    """Say that an answer depends on a header of the request."""
    for header, value in response.headers:
        if header.lower() == "vary":
            if name.lower() not in value.lower().replace(" ", "").split(","):
                response.headers["Vary"] = f"{value}, {name}"
            return
    response.headers.add("Vary", name)


def csp_nonce() -> str:
    """Return this response's script nonce."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return cast(str, g.nonce)


def _policy(events_url: str) -> str:
    before, after = _policy_around(events_url)
    nonce = g.get("nonce")
    return f"{before} 'nonce-{nonce}'{after}" if nonce else before + after


@lru_cache(maxsize=8)
def _policy_around(events_url: str) -> tuple[str, str]:
    """Return the policy before and after the place of the nonce."""
    origin = "" if events_url.startswith("/") else " " + "://".join(urlsplit(events_url)[:2])
    return (
        "default-src 'self'; script-src 'self'",
        f"; connect-src 'self'{origin}; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'",
    )
