"""Comparisons of higher features with the chain, which they add when they are loaded."""

from collections.abc import Callable

Comparer = Callable[[], list[str]]
_COMPARERS: list[Comparer] = []


def add(comparer: Comparer) -> None:
    """Add a function that returns what differs; it may write, and the command commits."""
    if comparer.__qualname__ not in [one.__qualname__ for one in _COMPARERS]:
        _COMPARERS.append(comparer)


def problems() -> list[str]:
    """Return a sentence for everything that differs between SQL and the chain."""
    return [problem for comparer in _COMPARERS for problem in comparer()]
