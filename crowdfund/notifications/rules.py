"""How often a message is tried, how addresses are shown, how long notices stay."""

from datetime import timedelta

MAX_TRIES = 24  # about eight hours with the pauses below
KEEP_READ = timedelta(days=180)


def next_try_s(tries: int) -> float | None:
    """Return the pause in seconds after this many failed tries; None when that was the last one."""
    return None if tries >= MAX_TRIES else min(2.0**tries, 1_800.0)


def masked(address: str) -> str:
    """Return an address so that colleagues can tell it apart without learning it."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}•••@{domain}"
    return f"{address[:4]}•••{address[-2:]}"
