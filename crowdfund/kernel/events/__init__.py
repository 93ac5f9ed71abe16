"""The event stream: a small ASGI application of its own, so that open pages hold no web worker.

`GET /events?t=<token>` (several `t` allowed) sends `event: changed` with a topic for each change
of a signed topic, and `event: refresh` where changes may have been missed. `topics=a,b` narrows.
"""

import asyncio
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crowdfund.kernel import config
from crowdfund.kernel.events.fanout import Hub, Stream
from crowdfund.kernel.topics import MAX_TOPICS, TokenError, verify

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_STREAMS = 6_000
FULL = "Too many pages are open here; this one keeps itself up to date by asking every few seconds."


def raise_file_limit() -> None:
    """Allow as many open connections as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class RefusedError(Exception):
    """A request that gets no stream: status and sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class App:
    """The ASGI application; one hub per process, started with the first request or lifespan."""

    def __init__(self, max_streams: int = MAX_STREAMS) -> None:
        self.max_streams = max_streams
        self._hub: Hub | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                await self._route(scope, receive, send)
            except RefusedError as refusal:
                await _answer(send, refusal.status, refusal.sentence, _cors(scope))

    def hub(self) -> Hub:
        """Return this process's hub, reading."""
        if self._hub is None:
            self._hub = Hub(config.settings().redis_url)
        self._hub.start()
        return self._hub

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.hub()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._hub:
                    await self._hub.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise RefusedError(405, "Only GET.")
        if scope["path"] == "/health":
            hub = self.hub()
            await _answer(send, 200, f"streams={len(hub.streams)} redis={bool(hub.last_id)}", [])
        elif scope["path"] == "/events":
            await self._stream(scope, receive, send)
        else:
            raise RefusedError(404, "There is only /events here.")

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        topics, made_ms = _topics(query), _made_ms(query)
        hub = self.hub()
        if len(hub.streams) >= self.max_streams:
            raise RefusedError(503, FULL)
        stream = Stream(topics)
        hub.add(stream)
        watcher = asyncio.create_task(_watch(receive, stream))
        try:
            await send(
                {"type": "http.response.start", "status": 200, "headers": _stream_headers(scope)}
            )
            await _send(send, f"retry: 2000\nid: {hub.last_id}\n: open\n\n".encode())
            await _send(
                send, await _catch_up(hub, stream, _header(scope, b"last-event-id"), made_ms)
            )
            while (chunk := await stream.chunk()) is not None:
                await _send(send, chunk)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            pass  # the page was closed while something was being sent
        finally:
            hub.remove(stream)
            watcher.cancel()


async def _catch_up(hub: Hub, stream: Stream, last_id: str, made_ms: int | None) -> bytes:
    """Return what a page has missed: since its last event, else since it was made."""
    if last_id:
        return b"".join(await hub.missed(stream, last_id))
    if made_ms is not None:
        return b"".join(await hub.since_made(stream, made_ms))
    return b""


async def _watch(receive: Receive, stream: Stream) -> None:
    """Close the stream as soon as its page is gone."""
    with suppress(OSError):
        while (await receive())["type"] != "http.disconnect":
            pass
    stream.close()


def _topics(query: dict[str, list[str]]) -> frozenset[str]:
    try:
        allowed = frozenset[str]().union(*(verify(token) for token in query.get("t", [])))
    except TokenError:
        raise RefusedError(
            403, "This page's permission to listen is not valid; reload the page."
        ) from None
    wanted = frozenset(name for part in query.get("topics", []) for name in part.split(",") if name)
    topics = wanted or allowed
    if not topics or not topics <= allowed:
        raise RefusedError(403, "A page must say, signed, what it wants to hear of.")
    if len(topics) > MAX_TOPICS:
        raise RefusedError(400, f"One page may listen to {MAX_TOPICS} things at most.")
    return topics


def _made_ms(query: dict[str, list[str]]) -> int | None:
    try:
        return int(query["since"][0])
    except (KeyError, ValueError):
        return None


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _cors(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Allow the web origin; in development also under its other local name."""
    settings = config.settings()
    parts = urlsplit(settings.public_url)
    allowed = {settings.public_url}
    if settings.environment != "production" and parts.hostname in ("127.0.0.1", "localhost"):
        allowed |= {f"{parts.scheme}://{host}:{parts.port}" for host in ("127.0.0.1", "localhost")}
    origin = _header(scope, b"origin")
    if origin not in allowed:
        return []
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]


def _stream_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
        *_cors(scope),
    ]


async def _send(send: Send, body: bytes) -> None:
    if body:
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _answer(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"30"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


raise_file_limit()
app = App()
