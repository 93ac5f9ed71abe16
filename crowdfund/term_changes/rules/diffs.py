"""What has changed between two versions of a text, word by word; pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Pairs of equal words above which a block counts as rewritten: comparing takes time by them.
MOST_PAIRS = 400_000
_WORDS = re.compile(r"\S+\s*|\s+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: `same`, `removed` or `added`."""

    kind: str
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """Return the pieces of both texts in order; without the added ones they are the text before.

    Whole lines that are the same are found first, then words in what is left.
    """
    pieces: list[Piece] = []
    for one, other in _blocks(_LINES.findall(before), _LINES.findall(after)):
        if one == other:
            pieces.append(Piece("same", one))
        else:
            pieces += _words(one, other)
    return _joined(pieces)


def is_same(pieces: Sequence[Piece]) -> bool:
    """Return whether two texts that were compared are one."""
    return all(piece.kind == "same" for piece in pieces)


def _words(before: str, after: str) -> Iterator[Piece]:
    for one, other in _blocks(_WORDS.findall(before), _WORDS.findall(after)):
        if one == other:
            yield Piece("same", one)
        else:
            yield Piece("removed", one)
            yield Piece("added", other)


def _blocks(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Return what stands opposite each other in two lists of parts."""
    head = _shared(before, after)
    left, right = before[head:], after[head:]
    tail = _shared(left[::-1], right[::-1])
    cut_left, cut_right = left[: len(left) - tail], right[: len(right) - tail]
    yield "".join(before[:head]), "".join(after[:head])
    if _pairs(cut_left, cut_right) > MOST_PAIRS:
        yield "".join(cut_left), "".join(cut_right)
    else:
        matcher = SequenceMatcher(None, cut_left, cut_right, autojunk=False)
        for _tag, low, high, other_low, other_high in matcher.get_opcodes():
            yield "".join(cut_left[low:high]), "".join(cut_right[other_low:other_high])
    yield "".join(left[len(left) - tail :]), "".join(right[len(right) - tail :])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many parts two lists begin with in common."""
    number = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        number += 1
    return number


def _pairs(one: Sequence[str], other: Sequence[str]) -> int:
    left, right = Counter(one), Counter(other)
    return sum(number * right[part] for part, number in left.items())


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces without empty ones, neighbours of one kind as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if joined and joined[-1].kind == piece.kind:
            joined[-1] = Piece(piece.kind, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined
