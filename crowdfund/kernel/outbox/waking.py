"""Wake the workers: Redis says that a queue has work. A lost message costs only time."""

from typing import TYPE_CHECKING

import structlog

from crowdfund.kernel import config

if TYPE_CHECKING:
    import redis

log = structlog.get_logger()
CHANNEL = "outbox"
_clients: "dict[str, redis.Redis]" = {}


def redis_client() -> "redis.Redis":
    """Return this process's Redis client (short timeouts: its messages may be lost)."""
    import redis  # 6 MB and 40 ms

    url = config.settings().redis_url
    if not url:
        raise redis.ConnectionError("REDIS_URL is not set")
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=0.5)
    return _clients[url]


def wake_workers(queue: str) -> None:
    """Say that a queue has work; the sweeper finds what a lost message leaves."""
    if not config.settings().redis_url:
        return
    import redis

    try:
        redis_client().publish(CHANNEL, queue)
    except redis.RedisError as error:
        log.warning("wake_up.lost", queue=queue, error=str(error))
