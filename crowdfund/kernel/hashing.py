"""Canonical JSON, and the links of a hash chain; pure.

Stored hashes were computed from these very bytes: another encoding would break every old proof.
"""

import hashlib
import json
from collections.abc import Callable, Sequence

GENESIS = "0" * 64  # the hash before the first row of a chain


def canonical(value: object) -> bytes:
    """Return a value as JSON with sorted keys and no spaces, in UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def canonical_ascii(value: object) -> bytes:
    r"""Return a value as JSON with sorted keys and no spaces, other characters as `\uXXXX`."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def canonical_spaced(value: object) -> bytes:
    r"""Return a value as JSON with sorted keys, a space after `,` and `:`, others as `\uXXXX`.

    For what was stored in this form; new hashes use `canonical`.
    """
    return json.dumps(value, sort_keys=True).encode()


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def joined(values: Sequence[object]) -> bytes:
    """Return values as text with `|` between them; none of them may contain one."""
    return "|".join(map(str, values)).encode()


def link(
    previous: str, *facts: object, encode: Callable[[Sequence[object]], bytes] = canonical_ascii
) -> str:
    """Return the hash of a row in a hash chain: it covers the row's facts and all rows before it.

    `previous` is the hash of the row before, or GENESIS.
    """
    return sha256(encode([previous, *facts]))
