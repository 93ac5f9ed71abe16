"""What a company sees of its investors, and when."""

from datetime import UTC, datetime

import pytest

from crowdfund.campaigns.rules import life
from crowdfund.campaigns.rules.life import Status
from crowdfund.investments.rows import CountedRow
from crowdfund.investments.rules import Status as Investment
from crowdfund.issuer_desk import rules

THEN = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def row(status="confirmed"):
    return CountedRow("i", "charlie", THEN, 1_000_00, "ETB", 10, status)


def test_names_are_seen_once_the_money_is_released_and_never_before():
    assert [status for status in Status if rules.shows_names(status)] == [Status.RELEASED]


@pytest.mark.parametrize("status", Investment)
def test_only_holders_are_named(status):
    line = rules.line(row(status), 12, {"charlie": "Charlie Tadesse"})
    assert line.name == ("Charlie Tadesse" if status in ("settled", "confirmed") else "")
    assert line.number == 12


def test_somebody_without_a_name_stays_a_number():
    assert rules.line(row(), 12, {}).name == ""


def test_a_line_holds_nothing_that_leads_to_the_person():
    assert "charlie" not in repr(rules.line(row(), 12, {}))


@pytest.mark.parametrize(
    ("settled", "investors", "average"), [(0, 0, 0), (100, 3, 33), (200, 3, 67), (1, 2, 1)]
)
def test_the_average_is_rounded_half_up(settled, investors, average):
    assert life.average_minor(settled, investors) == average
