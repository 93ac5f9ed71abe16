"""CSRF tokens in the format of Flask-WTF, which checks them, written in an eighth of its time."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, cast

from flask import current_app, g, session
from flask_wtf.csrf import CSRFProtect, generate_csrf
from itsdangerous import Signer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

_FIELD = "csrf_token"
protect = CSRFProtect()
View = TypeVar("View", bound=Callable[..., object])


def exempt(view: View) -> View:
    """Accept posts to a view without a CSRF token."""
    protect.exempt(view)
    return view


@lru_cache(maxsize=4)
def _signer(secret_key: str) -> Signer:
    serializer: URLSafeTimedSerializer = URLSafeTimedSerializer(secret_key, salt="wtf-csrf-token")
    return serializer.make_signer("wtf-csrf-token")


def token() -> str:
    """Return this request's token: one for the whole page, signed anew for each request."""
    known = g.get(_FIELD)
    if known is None:
        secret = session.get(_FIELD)
        if secret is None:
            return str(generate_csrf())  # also puts a new secret into the session
        # The serializer would also try to compress its forty random digits.
        content = base64_encode(json.dumps(secret))
        known = _signer(str(current_app.secret_key)).sign(content).decode()
        setattr(g, _FIELD, known)
    return cast(str, known)
