"""Where the chart of a campaign's money has its bars and lines."""

from datetime import date, timedelta

import pytest

from crowdfund.investments.charts import LEAST_DAYS, WHOLE, chart
from crowdfund.investments.days import Day

FIRST = date(2026, 6, 1)


def made(*came, goal=1_000, needed=750):
    """Return the chart of days on which this came, one after the other."""
    total, days = 0, []
    for number, amount in enumerate(came):
        total += amount
        on = FIRST + timedelta(number)
        days.append(Day(on, came=int(amount > 0), came_minor=amount, total_minor=total))
    return chart(days, goal_minor=goal, threshold_minor=needed)


def points(line):
    return [tuple(map(int, point.split(","))) for point in line.split()]


def test_the_total_stands_still_between_days_and_climbs_to_the_goal():
    found = made(500, 0, 500, *[0] * 17)
    assert points(found.line) == [
        (0, 1_000),
        (0, 1_000),
        (0, 500),
        (100, 500),
        (100, 0),
        (1_000, 0),
    ]
    assert (found.goal_y, found.threshold_y) == (0, 250)


def test_a_total_above_the_goal_stays_inside():
    found = made(*[100] * 20)
    assert min(y for _x, y in points(found.line)) == 0
    assert found.goal_y == 500


def test_the_highest_bar_is_as_high_as_its_part_and_every_bar_is_seen():
    found = made(1, 0, 10_000_000, *[0] * 20, goal=10**9)
    assert [(bar.height, bar.day.on.day) for bar in found.bars] == [(10, 1), (WHOLE, 3)]
    assert all(bar.y + bar.height == WHOLE for bar in found.bars)
    assert found.most.on == FIRST + timedelta(2)


def test_bars_keep_apart_however_many_days_there_are():
    found = made(*[10] * 200)
    ends = [bar.x + bar.width for bar in found.bars]
    assert all(end < bar.x for end, bar in zip(ends, found.bars[1:], strict=False))
    assert ends[-1] <= WHOLE


def test_a_young_campaign_leaves_room_on_the_right():
    found = made(10)
    assert found.end_x == WHOLE // LEAST_DAYS
    assert points(found.line)[-1][0] == found.end_x
    assert found.last == FIRST + timedelta(LEAST_DAYS - 1)


@pytest.mark.parametrize("goal", [0, 1])
def test_a_campaign_without_money_has_a_chart_without_bars(goal):
    found = made(0, 0, goal=goal, needed=goal)
    assert (found.bars, found.most) == ([], None)
    assert points(found.line) == [(0, WHOLE), (2 * WHOLE // LEAST_DAYS, WHOLE)]
