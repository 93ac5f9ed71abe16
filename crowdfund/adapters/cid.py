"""Content ids of public files, as a Kubo node computes them: CIDv1, SHA-256, raw leaves of 256 KiB.

A file of one chunk is its own block (codec raw). A larger one is a balanced tree of UnixFS nodes
(codec dag-pb) with at most 174 links each: `ipfs add --cid-version=1 --raw-leaves`.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CHUNK = 256 * 1024
WIDTH = 174
_RAW, _DAG_PB, _SHA256 = 0x55, 0x70, 0x12
_FILE = 2  # UnixFS type
PATTERN = re.compile(r"b[a-z2-7]{58}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Node:
    cid: bytes
    content: int  # bytes of the file below
    weight: int  # bytes of all blocks below, this one too


def cid_of(data: bytes) -> str:
    """Return the CIDv1 of a file in lower-case base32 (59 characters)."""
    nodes = [_leaf(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)] or [_leaf(b"")]
    while len(nodes) > 1:
        nodes = [_branch(group) for group in _groups(nodes)]
    return "b" + base64.b32encode(nodes[0].cid).decode().lower().rstrip("=")


def _groups(nodes: Sequence[_Node]) -> Iterator[Sequence[_Node]]:
    for at in range(0, len(nodes), WIDTH):
        yield nodes[at : at + WIDTH]


def _leaf(chunk: bytes) -> _Node:
    return _Node(_cid(_RAW, chunk), len(chunk), len(chunk))


def _branch(children: Sequence[_Node]) -> _Node:
    content = sum(child.content for child in children)
    unixfs = (
        _number(1, _FILE)
        + _number(3, content)
        + b"".join(_number(4, one.content) for one in children)
    )
    # dag-pb writes the links before the data, and a link's empty name too.
    links = [_field(1, one.cid) + _field(2, b"") + _number(3, one.weight) for one in children]
    block = b"".join(_field(2, link) for link in links) + _field(1, unixfs)
    return _Node(
        _cid(_DAG_PB, block), content, len(block) + sum(child.weight for child in children)
    )


def _cid(codec: int, block: bytes) -> bytes:
    digest = hashlib.sha256(block).digest()
    return bytes([1, codec, _SHA256, len(digest)]) + digest


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
