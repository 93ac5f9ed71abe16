"""What an update holds, and what it may become."""

from datetime import UTC, datetime

import pytest

from crowdfund.campaigns.rules import life
from crowdfund.kernel.errors import Invalid, TooMany, WrongState
from crowdfund.updates import rules
from crowdfund.updates.rules import Status

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("status", list(life.Status))
def test_a_campaign_has_updates_from_when_it_was_live_and_never_before(status):
    assert rules.is_open(status, STARTED) == (status in life.PUBLIC)
    assert not rules.is_open(status, None), "cancelled before it was live"


def test_a_status_moves_only_as_the_table_says():
    for before in Status:
        for after in Status:
            if after in rules.TRANSITIONS[before]:
                assert rules.move(before, after) == after
            else:
                with pytest.raises(WrongState):
                    rules.move(before, after)


@pytest.mark.parametrize("length", [rules.LEAST_TEXT, rules.MOST_TEXT])
def test_a_text_of_the_least_and_the_most_characters_is_taken(length):
    assert rules.parse_text("é" * length) == "é" * length


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "a" * (rules.LEAST_TEXT - 1), "a" * (rules.MOST_TEXT + 1), "a\u202eb" * 20],
)
def test_a_text_that_is_empty_too_short_too_long_or_has_hidden_characters_is_refused(text):
    with pytest.raises(Invalid) as refused:
        rules.parse_text(text)
    assert refused.value.field == "text_md"


def test_every_mistake_is_named_at_once():
    assert set(rules.clean({"title": "", "text_md": ""})[1]) == {"title", "text_md"}


def test_three_updates_in_a_day_are_the_most():
    rules.check_pace(2)
    with pytest.raises(TooMany):
        rules.check_pace(3)


def test_eight_pictures_are_the_most():
    rules.check_pictures(7)
    with pytest.raises(Invalid):
        rules.check_pictures(8)
