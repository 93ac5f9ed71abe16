"""A campaign's money per day on the platform's clock; pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo

from crowdfund.investments.rows import MoveRow
from crowdfund.investments.rules import Status


@dataclass(slots=True)
class Day:
    """What came and went on a day, and what there was at its end; amounts in minor units."""

    on: date
    came: int = 0
    came_minor: int = 0
    went: int = 0
    went_minor: int = 0
    total_minor: int = 0


def per_day(moves: Iterable[MoveRow], zone: tzinfo) -> list[Day]:
    """Return the days on which money came or went, the first one first."""
    found: dict[date, Day] = defaultdict(lambda: Day(date.min))
    for move in moves:
        day = found[move.at.astimezone(zone).date()]
        if move.to_status == Status.SETTLED:
            day.came, day.came_minor = day.came + 1, day.came_minor + move.amount_minor
        else:
            day.went, day.went_minor = day.went + 1, day.went_minor + move.amount_minor
    total_minor = 0
    for on, day in sorted(found.items()):
        total_minor += day.came_minor - day.went_minor
        day.on, day.total_minor = on, total_minor
    return [day for _on, day in sorted(found.items())]
