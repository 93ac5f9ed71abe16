"""Measuring by turns: A, B, C, A, B, C …, and medians, because machines are shared and noisy."""

import statistics
from collections.abc import Callable, Mapping
from typing import Any


def medians(works: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, float]:
    """Return the median of what each work returns, run in alternating rounds after a warm-up."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            value = work()
            if number:
                seen[name].append(value)
    return {name: statistics.median(values) for name, values in seen.items()}


def row(ours: float, baseline: float, goal: float | None) -> dict[str, Any]:
    """Return one line of the table: both rates a second, their ratio, and the goal if there is one."""
    ratio = ours / baseline
    line = {"per_s": round(ours), "baseline_per_s": round(baseline), "ratio": round(ratio, 3)}
    return line if goal is None else line | {"goal": goal, "met": ratio >= goal}
