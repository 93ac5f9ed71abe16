"""Measuring by turns: A, B, C, A, B, C …, and medians, because machines are shared and noisy."""

import statistics
from collections.abc import Callable, Mapping


def medians(works: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, float]:
    """Return the median of what each work returns, run in alternating rounds after a warm-up."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            value = work()
            if number:
                seen[name].append(value)
    return {name: statistics.median(values) for name, values in seen.items()}
