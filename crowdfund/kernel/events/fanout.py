"""Fan-out of changes to open pages: one Redis reader per process, any number of streams.

The reader follows the Redis stream and hands each entry to the pages that asked for its topic.
Ids are those of the Redis stream, so a browser that reconnects with Last-Event-ID gets what it
missed; where that is no longer known it gets `event: refresh` and re-reads all.
"""

import asyncio
import random
import time
from collections import deque
from contextlib import suppress
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from crowdfund.kernel.topics import STREAM

PING_S = 15.0
BACKLOG = 200  # changes queued for a slow reader; beyond that it is asked to refresh
READ_BLOCK_MS = 5_000
CLOCK_SKEW_MS = 1_000  # between the web machine and Redis
OLD_PAGE_MS = 600_000
RETRY_S = (0.1, 0.3, 1.0, 2.0)
Id = tuple[int, int]


def parse_id(text: str) -> Id:
    """Return a stream id as numbers that can be compared; raises ValueError."""
    milliseconds, _, number = text.partition("-")
    return int(milliseconds), int(number or 0)


def frame(event: str, data: str, entry_id: str = "") -> bytes:
    """Return one server-sent event."""
    head = f"id: {entry_id}\n" if entry_id else ""
    return f"{head}event: {event}\ndata: {data}\n\n".encode()


class Stream:
    """One open page: what waits to be sent to it."""

    __slots__ = ("closed", "frames", "overrun", "topics", "wake")

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self.frames: deque[bytes] = deque()
        self.wake = asyncio.Event()
        self.overrun = self.closed = False

    def push(self, chunk: bytes) -> None:
        """Queue a frame; a page that does not read gets one refresh for all it missed."""
        if len(self.frames) >= BACKLOG:
            self.frames.clear()
            chunk = frame("refresh", "overrun")
        self.frames.append(chunk)
        self.wake.set()

    def close(self) -> None:
        """End the response."""
        self.closed = True
        self.wake.set()

    async def chunk(self) -> bytes | None:
        """Wait for frames, at most until the next ping; None when the stream is closed."""
        if not self.frames and not self.closed:
            with suppress(TimeoutError):
                async with asyncio.timeout(PING_S * random.uniform(0.8, 1.0)):  # noqa: S311
                    await self.wake.wait()
        self.wake.clear()
        if self.closed:
            return None
        joined = b"".join(self.frames) or b": ping\n\n"
        self.frames.clear()
        return joined


class Hub:
    """All open streams of this process and the one reader that feeds them."""

    def __init__(self, url: str) -> None:
        self._redis: Any = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=READ_BLOCK_MS / 1000 + 5,
            socket_connect_timeout=1,
        )
        self.streams: set[Stream] = set()
        self._by_topic: dict[str, set[Stream]] = {}
        self.last_id = ""  # newest entry seen; "" while Redis is not reached
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow Redis from now on."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End all streams and the reader."""
        for stream in self.streams:
            stream.close()
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._redis.aclose()

    def add(self, stream: Stream) -> None:
        """Subscribe a stream to its topics."""
        self.streams.add(stream)
        for topic in stream.topics:
            self._by_topic.setdefault(topic, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        self.streams.discard(stream)
        for topic in stream.topics:
            listeners = self._by_topic.get(topic, set())
            listeners.discard(stream)
            if not listeners:
                self._by_topic.pop(topic, None)

    async def missed(self, stream: Stream, last_id: str) -> list[bytes]:
        """Return the frames a page missed since `last_id`, or a refresh where that is unknown."""
        until = self.last_id
        refresh = [frame("refresh", "resumed", until)]
        try:
            since = parse_id(last_id)
            if not until or since > parse_id(until):  # Redis is away, or was emptied meanwhile
                return refresh
            first = await self._redis.xrange(STREAM, count=1)
            if not first or parse_id(first[0][0]) > since:
                return refresh
            return await self._between(stream, last_id, until)
        except (ValueError, RedisError, OSError):
            return refresh

    async def since_made(self, stream: Stream, made_ms: int) -> list[bytes]:
        """Return what changed while a new page was on its way to the browser."""
        if made_ms < time.time() * 1000 - OLD_PAGE_MS:
            return [frame("refresh", "old page", self.last_id)]
        try:
            return await self._between(stream, f"{made_ms - CLOCK_SKEW_MS}-0", self.last_id)
        except (RedisError, OSError):
            return []

    async def _between(self, stream: Stream, after: str, until: str) -> list[bytes]:
        if not until or parse_id(after) >= parse_id(until):
            return []
        entries = await self._redis.xrange(STREAM, min=f"({after}", max=until)
        return [frame("changed", e["t"], i) for i, e in entries if e.get("t") in stream.topics]

    # -- the reader ------------------------------------------------------------------------

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                await self._begin()
                failures = 0
                await self._read_on()
            except (RedisError, OSError):
                if failures == 0:
                    self.last_id = ""
                await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1

    async def _begin(self) -> None:
        """Note where the stream ends; after an outage or a flush every page re-reads."""
        newest = await self._redis.xrevrange(STREAM, count=1)
        self.last_id = newest[0][0] if newest else "0-0"
        for stream in self.streams:
            stream.push(frame("refresh", "reconnected", self.last_id))

    async def _read_on(self) -> None:
        while True:
            found = await self._redis.xread({STREAM: self.last_id}, count=500, block=READ_BLOCK_MS)
            if not found:
                continue
            for entry_id, entry in found[0][1]:
                self.last_id = entry_id
                self._hand_out(entry_id, entry.get("t", ""))

    def _hand_out(self, entry_id: str, topic: str) -> None:
        listeners = self._by_topic.get(topic)
        if listeners:
            chunk = frame("changed", topic, entry_id)
            for stream in listeners:
                stream.push(chunk)
