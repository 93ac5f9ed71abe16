"""Measuring by turns: A, B, C, A, B, C …, because machines are shared and noisy.

The ratio is the median of the rounds' own ratios: what disturbs a round disturbs all that take part
in it.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def take(works: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """Return what each work gave in each round, after a warm-up."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            value = work()
            if number:
                seen[name].append(value)
    return seen


def row(ours: Sequence[float], baseline: Sequence[float], goal: float | None) -> dict[str, Any]:
    """Return one line of the table: median rates a second, the median ratio,
    and the goal if there is one."""
    ratio = statistics.median(mine / other for mine, other in zip(ours, baseline, strict=True))
    line = {
        "per_s": round(statistics.median(ours)),
        "baseline_per_s": round(statistics.median(baseline)),
        "ratio": round(ratio, 3),
    }
    return line if goal is None else line | {"goal": goal, "met": ratio >= goal}
