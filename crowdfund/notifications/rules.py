"""Attempts to send a message, masked addresses, how long notices are stored."""

from datetime import timedelta

MAX_TRIES = 24  # about eight hours with the pauses below
KEEP_READ = timedelta(days=180)


def next_try_s(tries: int) -> float | None:
    """Return the pause in seconds after this many failed attempts; None after the last one."""
    return None if tries >= MAX_TRIES else min(2.0**tries, 1_800.0)


def masked(address: str) -> str:
    """Return an address so that staff can distinguish it without learning it."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}•••@{domain}"
    return f"{address[:4]}•••{address[-2:]}"
