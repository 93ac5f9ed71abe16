"""Boundaries of the rules of a campaign's life, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from crowdfund.campaigns.rules import life
from crowdfund.campaigns.rules.life import Status, Tally
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.statuses import status_text

END = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
NEXT = {
    "draft": {"submitted", "cancelled"},
    "submitted": {"approved", "draft", "cancelled"},
    "approved": {"deploying", "cancelled"},
    "deploying": {"live", "approved"},
    "live": {"succeeded", "failed", "cancelled"},
    "succeeded": {"released"},
    "failed": {"refunded"},
    "cancelled": {"refunded"},
    "released": set(),
    "refunded": set(),
}


@pytest.mark.parametrize("before", Status)
def test_a_state_leads_only_where_the_rules_say_and_a_refusal_names_both(before):
    for after in Status:
        if after in NEXT[before]:
            assert life.move(before, after) == after
            continue
        named = status_text(before), status_text(after)
        with pytest.raises(WrongState, match=f"is “{named[0]}”: it cannot become “{named[1]}”"):
            life.move(before, after)


def test_only_an_end_can_be_followed_into_another_end():
    assert set(life.FOLLOWS) == {"succeeded", "released"}
    assert all(ends == {"failed", "cancelled"} for ends in life.FOLLOWS.values())


def test_what_is_public_and_what_refunds():
    public = {"live", "succeeded", "released", "failed", "refunded", "cancelled"}
    assert set(life.PUBLIC) == public
    assert set(life.REFUNDING) == {"failed", "cancelled", "refunded"}


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2), "2 days left"),
        (timedelta(days=45, seconds=-1), "45 days left"),
        (timedelta(days=44, hours=12), "45 days left"),
        (timedelta(days=44, hours=12, seconds=-1), "44 days left"),
        (timedelta(days=2, seconds=-1), "2 days left"),
        (timedelta(hours=36, seconds=-1), "1 day left"),
        (timedelta(days=1), "1 day left"),
        (timedelta(days=1, seconds=-1), "23 hours left"),
        (timedelta(hours=2), "2 hours left"),
        (timedelta(hours=1), "1 hour left"),
        (timedelta(hours=1, seconds=-1), "less than an hour left"),
        (timedelta(seconds=1), "less than an hour left"),
        (timedelta(milliseconds=999), "ended"),
        (timedelta(seconds=-1), "ended"),
    ],
)
def test_time_left_is_the_nearest_day_and_changes_its_unit_on_the_last_day(left, words):
    assert life.time_left(END, END - left) == words


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=45, seconds=-1), 45),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=-1), 0),
        (timedelta(0), 0),
        (timedelta(seconds=-1), -1),
    ],
)
def test_a_card_counts_the_same_days_as_the_campaign(left, days):
    assert life.days_left(END, END - left) == days


def test_a_campaign_that_has_not_started_has_no_time_left():
    assert life.time_left(None, END) == "not started"


@pytest.mark.parametrize(
    ("reserved", "grace_days", "after", "verdict"),
    [
        (751_000, 0, timedelta(0), "open"),
        (751_000, 0, timedelta(microseconds=1), "succeeded"),
        (751_000, 2, timedelta(days=2), "awaiting"),
        (751_000, 2, timedelta(days=2, microseconds=1), "succeeded"),
        (750_000, 2, timedelta(microseconds=1), "succeeded"),
        (750_001, 2, timedelta(microseconds=1), "awaiting"),
    ],
)
def test_one_unit_on_its_way_is_waited_for_until_the_last_moment(
    reserved, grace_days, after, verdict
):
    tally = Tally(1_000_000, 7_500, reserved_minor=reserved, settled_minor=750_000, ends_at=END)
    assert life.verdict(tally, END + after, grace_days=grace_days) == verdict
