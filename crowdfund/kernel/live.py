"""Notify open pages of changes: after the commit, by a Redis stream, without data.

The event stream process (events.py) reads the stream and wakes the pages, which refetch the
thing's own view. A lost message costs nothing but time: each live element also polls.
"""

import time
from collections.abc import Iterable

import structlog
from markupsafe import Markup, escape

from crowdfund.kernel import config, db
from crowdfund.kernel.topics import STREAM, STREAM_LENGTH, TokenError, sign, topic, verify

__all__ = [
    "TokenError",
    "changed",
    "live_attrs",
    "publish_now",
    "sign",
    "stream_url",
    "topic",
    "verify",
]

log = structlog.get_logger()
# after a failure Redis is left alone this long, so that no request waits for it twice
QUIET_S = 1.0


class _Publisher:
    """This process's connection to the stream."""

    def __init__(self, url: str) -> None:
        import redis  # 6 MB and 40 ms

        self.url = url
        self._redis = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=0.3)
        self._quiet_until = 0.0

    def send(self, topics: Iterable[str]) -> bool:
        if time.monotonic() < self._quiet_until:
            return False
        import redis

        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for name in topics:
                    pipe.xadd(STREAM, {"t": name}, maxlen=STREAM_LENGTH, approximate=True)
                pipe.execute()
        except redis.RedisError as error:
            self._quiet_until = time.monotonic() + QUIET_S
            log.warning("live.lost", error=str(error))
            return False
        return True


_publisher: _Publisher | None = None


def changed(kind: str, thing_id: object) -> None:
    """Notify open pages of a change after the current transaction has committed."""
    db.collect_for_commit("live", topic(kind, thing_id), publish_now)


def publish_now(topics: Iterable[str]) -> bool:
    """Notify open pages now; return False if Redis could not be reached."""
    global _publisher
    url = config.settings().redis_url
    if not url:
        return False
    if _publisher is None or _publisher.url != url:
        _publisher = _Publisher(url)
    return _publisher.send(topics)


def live_attrs(names: str, url: str, poll_s: float = 5) -> Markup:
    """Return attributes that make an element refetch `url` when one of its topics changes.

    `names` is a topic, or several with spaces between; `poll_s` is the pause in seconds between
    fetches while there is no event stream.
    """
    topics, token = escape(names), sign(names.split())
    return Markup(
        f'data-live="{topics}" data-live-url="{escape(url)}" data-live-poll="{poll_s:g}"'
        f' data-live-token="{token}"'
    )


def stream_url() -> str:
    """Return the address of the event stream for a page made now: it gets all changes since."""
    base = config.settings().events_url
    return f"{base}{'&' if '?' in base else '?'}since={int(time.time() * 1000)}"
