"""Names of things that change while somebody looks, and the signed permission to hear of them.

A token only allows to hear *that* a thing changed; what is seen is fetched from the thing's own
view, which decides on access. Shared by the web processes and the event stream process.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from itsdangerous import BadSignature, URLSafeTimedSerializer

from . import config

STREAM = "live"  # Redis stream of changes: field `t` holds the topic
STREAM_LENGTH = 10_000
MAX_AGE_S = 24 * 3600  # a page left open longer goes on by polling
MAX_TOPICS = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """The topics of a token and when the page was made that carries it (aware UTC)."""

    topics: frozenset[str]
    issued_at: datetime


class BadToken(Exception):
    """The token is forged, too old, or not a list of topics."""


def topic(kind: str, thing_id: object) -> str:
    """Return the topic of a thing, e.g. `campaign:42`."""
    return f"{kind}:{thing_id}"


def sign(topics: Iterable[str]) -> str:
    """Return a token that lets its bearer hear of these topics for a day."""
    return str(_serializer().dumps(sorted(set(topics))))


def verify(token: str) -> frozenset[str]:
    """Return the topics of a token; raises BadToken."""
    return read(token).topics


def read(token: str) -> Grant:
    """Return what a token allows and since when; raises BadToken."""
    try:
        topics, issued_at = _serializer().loads(token, max_age=MAX_AGE_S, return_timestamp=True)
    except BadSignature as error:
        raise BadToken(str(error)) from error
    if not isinstance(topics, list) or not all(isinstance(name, str) for name in topics):
        raise BadToken("not a list of topics")
    return Grant(frozenset(topics), issued_at)


def _serializer() -> URLSafeTimedSerializer:
    settings = config.settings()
    # itsdangerous signs with the last key and accepts any of them
    return URLSafeTimedSerializer([*settings.secret_key_fallbacks, settings.secret_key], salt="live")
