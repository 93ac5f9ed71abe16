"""The platform's secret keys: the present one signs and seals, former ones are still accepted.

To rotate, set a new SECRET_KEY and move the former one to SECRET_KEY_FALLBACKS. Whatever depends on
a secret key asks here, so that nothing made before a rotation stops working.
"""

import hmac
from collections.abc import Callable
from typing import TypeVar

from crowdfund.kernel import config

T = TypeVar("T")


def in_force() -> tuple[str, ...]:
    """Return the secret keys that are accepted, the present one first."""
    return config.settings().secret_keys


def present() -> str:
    """Return the secret key that signs and seals now."""
    return config.settings().secret_key


def for_itsdangerous() -> list[str]:
    """Return the keys in the order of itsdangerous, which signs with the last one."""
    return list(reversed(in_force()))


def keyed_hashes(content: bytes, *, derive: Callable[[str], bytes] = str.encode) -> list[str]:
    """Return the HMAC-SHA256 of some bytes under each key, the present one first (hex).

    `derive` returns the HMAC key for a secret key. Store the first, look for any of them.
    """
    return [hmac.digest(derive(key), content, "sha256").hex() for key in in_force()]


def is_keyed_hash(seal: str, content: bytes, *, digits: int = 64) -> bool:
    """Return whether a seal is the HMAC of some bytes under any key, cut to so many hex digits."""
    valid = keyed_hashes(content)
    return any(hmac.compare_digest(seal.encode(), one[:digits].encode()) for one in valid)


def first_accepted(use: Callable[[str], T], refused: type[Exception]) -> T | None:
    """Return what a function returns for the first key with which it does not raise `refused`."""
    for key in in_force():
        try:
            return use(key)
        except refused:
            continue
    return None
