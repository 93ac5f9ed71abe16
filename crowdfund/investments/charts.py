"""Where a chart of a campaign's money has its bars and lines; pure, in whole thousandths.

Templates draw it (issuer_desk/_chart.html): the total against goal and minimum above, the money of
each day below. Places are thousandths of the width or height, the top is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from crowdfund.investments.days import Day

WHOLE = 1_000
LEAST_DAYS = 14  # a young campaign leaves room on the right


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar: its place and size, and the day itself."""

    x: int
    y: int
    width: int
    height: int
    day: Day


@dataclass(frozen=True, slots=True)
class Chart:
    """The line of the total, the heights of goal and minimum, and a bar for each day with money."""

    line: str
    end_x: int
    goal_y: int
    threshold_y: int
    bars: list[Bar]
    most: Day | None
    last: date  # at the right edge


def chart(days: Sequence[Day], *, goal_minor: int, threshold_minor: int) -> Chart:
    """Return the chart of days without gaps; amounts in minor units.

    The top of the upper part is the goal, or the total if that is above it.
    """
    top = max(goal_minor, *(day.total_minor for day in days), 1)
    highest = max((day.came_minor for day in days), default=0)
    width = max(len(days), LEAST_DAYS)
    return Chart(
        line=_line(days, top, width),
        end_x=len(days) * WHOLE // width,
        goal_y=_y(goal_minor, top),
        threshold_y=_y(threshold_minor, top),
        bars=[
            _bar(day, number * WHOLE // width, (number + 1) * WHOLE // width, highest)
            for number, day in enumerate(days)
            if day.came_minor
        ],
        most=next((day for day in days if day.came_minor == highest > 0), None),
        last=days[0].on + timedelta(width - 1),
    )


def _y(amount_minor: int, top: int) -> int:
    return WHOLE - amount_minor * WHOLE // top


def _line(days: Sequence[Day], top: int, width: int) -> str:
    """Return the points of the total as SVG wants them: it moves at the beginning of its day."""
    points = [f"0,{WHOLE}"]
    before = WHOLE
    for number, day in enumerate(days):
        x, y = number * WHOLE // width, _y(day.total_minor, top)
        if y != before:
            points += [f"{x},{before}", f"{x},{y}"]
        before = y
    return " ".join([*points, f"{len(days) * WHOLE // width},{before}"])


def _bar(day: Day, x: int, next_x: int, highest: int) -> Bar:
    """Return a bar that is seen however little came, with a gap before the next."""
    height = max(day.came_minor * WHOLE // highest, 10)
    return Bar(x, WHOLE - height, max((next_x - x) * 4 // 5, 2), height, day)
