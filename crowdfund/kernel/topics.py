"""Topics of live pages, and the signed permission to subscribe to them.

A token only allows to learn *that* something changed; the content is fetched from its own view,
which checks access. Shared by the web processes and the event stream process.
"""

import time
from collections.abc import Iterable
from functools import lru_cache

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from crowdfund.kernel import keys

STREAM = "live"  # Redis stream of changes: field `t` holds the topic
STREAM_LENGTH = 10_000
MAX_AGE_S = 24 * 3600  # a page left open longer goes on by polling
MAX_TOPICS = 100


class TokenError(Exception):
    """The token is forged, too old, or not a list of topics."""


def topic(kind: str, thing_id: object) -> str:
    """Return the topic of a thing, e.g. `campaign:42`."""
    return f"{kind}:{thing_id}"


def sign(topics: Iterable[str]) -> str:
    """Return a token that permits to subscribe to these topics for a day."""
    return _signed(frozenset(topics), keys.in_force(), int(time.time()) // 3600)


@lru_cache(maxsize=4096)
def _signed(topics: frozenset[str], _keys: tuple[str, ...], _hour: int) -> str:
    return str(_serializer().dumps(sorted(topics)))


def verify(token: str) -> frozenset[str]:
    """Return the topics of a token; raises TokenError."""
    try:
        topics = _serializer().loads(token, max_age=MAX_AGE_S)
    except BadSignature as error:
        raise TokenError(str(error)) from error
    if not isinstance(topics, list) or not all(isinstance(name, str) for name in topics):
        raise TokenError("not a list of topics")
    return frozenset(topics)


class _HourSigner(TimestampSigner):
    """Signs with the hour: a refetched fragment carries the same token, so no page reconnects."""

    def get_timestamp(self) -> int:
        return int(super().get_timestamp()) // 3600 * 3600


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keys.for_itsdangerous(), salt="live", signer=_HourSigner)
