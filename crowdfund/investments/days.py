"""A campaign's money per day on the platform's clock; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from crowdfund.investments.rows import DayRow


@dataclass(frozen=True, slots=True)
class Day:
    """What came and went on a day, and what there was at its end; amounts in minor units."""

    on: date
    came: int = 0
    came_minor: int = 0
    went: int = 0
    went_minor: int = 0
    total_minor: int = 0


def with_totals(rows: Iterable[DayRow]) -> list[Day]:
    """Return the days on which money came or went, with what there was at the end of each.

    The rows begin with the first day.
    """
    found, total_minor = [], 0
    for row in rows:
        total_minor += row.came_minor - row.went_minor
        facts = (row.came, row.came_minor, row.went, row.went_minor)
        found.append(Day(row.day, *facts, total_minor))
    return found


def without_gaps(days: Iterable[Day], first: date, last: date) -> Iterator[Day]:
    """Yield each day from the first to the last, quiet ones too; days outside are left out."""
    known, before = {}, Day(first)
    for day in days:
        known[day.on] = day
        before = day if day.on < first else before
    for number in range((last - first).days + 1):
        on = first + timedelta(number)
        before = known.get(on) or Day(on, total_minor=before.total_minor)
        yield before
