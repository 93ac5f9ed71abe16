"""The one source of ids and of the keys and salts that are stored with them, which can be seeded.

Two runs with the same seed and the same clock write the same journal, byte for byte. Nothing secret
comes from here: sessions, form tokens, codes, nonces and encryption keys come from `secrets`, which
has no seed. A production process refuses a seed: docs/adr/0048.
"""

import hashlib
import os
import threading
import time

from crowdfund.kernel import clock, config

_MOST_IN_A_MS = 0xFFF


class SeedRefused(RuntimeError):
    """A production process was asked to draw from a seed."""


class SystemRandomness:
    """Bytes of the operating system, and the machine's time: it does not move with the clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = (0, 0)

    def draw(self, size: int) -> bytes:
        """Return so many bytes."""
        return os.urandom(size)

    def stamp(self) -> tuple[int, int]:
        """Return milliseconds since 1970 and a number within them; each pair is above the last."""
        with self._lock:
            stamp, number = self._now_ms(), 0
            if stamp <= self._last[0]:
                stamp, number = self._last[0], self._last[1] + 1
                if number > _MOST_IN_A_MS:
                    stamp, number = stamp + 1, 0
            self._last = (stamp, number)
        return stamp, number

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class SeededRandomness(SystemRandomness):
    """Bytes that follow from a seed and the number of the draw, and the time of the clock.

    Threads that draw at once take turns in no fixed order.
    """

    def __init__(self, seed: str) -> None:
        super().__init__()
        self._seed = hashlib.sha256(seed.encode()).digest()
        self._draws = 0

    def draw(self, size: int) -> bytes:
        """Return so many bytes; no draw shares any with another."""
        with self._lock:
            self._draws += 1
            begin = self._seed + self._draws.to_bytes(8)
        parts = range(-(-size // 32))
        return b"".join(hashlib.sha256(begin + n.to_bytes(4)).digest() for n in parts)[:size]

    def _now_ms(self) -> int:
        return int(clock.now().timestamp() * 1000)


_source = SystemRandomness()


def use(source: SystemRandomness | None) -> SystemRandomness:
    """Install a source for this process, None for the system's; return the one before.

    Raises SeedRefused in production.
    """
    global _source
    before, _source = _source, source or SystemRandomness()
    try:
        check()
    except SeedRefused:
        _source = before
        raise
    return before


def check() -> None:
    """Raise SeedRefused if this process is a production one and draws from a seed."""
    if isinstance(_source, SeededRandomness) and config.settings().environment == "production":
        raise SeedRefused(
            "Ids are not seeded in production: whoever knows the seed could foretell them. "
            "Nothing was changed."
        )


def draw(size: int) -> bytes:
    """Return so many bytes for an id or a stored key; never for a secret."""
    return _source.draw(size)


def token_hex(size: int) -> str:
    """Return so many bytes as hex digits, two for each."""
    return _source.draw(size).hex()


def stamp() -> tuple[int, int]:
    """Return milliseconds since 1970 and a number within them, each pair above the one before."""
    return _source.stamp()
