"""When a refund is reminded of, and what of refunds a wallet still holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.refunds import rules

THEN = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(**time):
    return THEN + timedelta(**time)


@pytest.mark.parametrize(
    ("now", "reminded", "due"),
    [
        (after(days=1) - SECOND, 0, None),
        (after(days=1), 0, 1),
        (after(days=7) - SECOND, 1, None),
        (after(days=7), 1, 7),
        (after(days=8), 0, 7),  # the scheduler was off for a week: one reminder, not two
        (after(days=30), 7, 30),
        (after(days=400), 0, 30),
        (after(days=400), 30, None),
    ],
)
def test_only_the_latest_reminder_that_is_due_is_sent(now, reminded, due):
    assert rules.due_reminder(THEN, now, reminded) == due


def test_the_next_reminder_is_the_first_that_has_not_come_yet():
    assert rules.next_reminder(THEN, THEN) == (1, after(days=1))
    assert rules.next_reminder(THEN, after(days=1)) == (7, after(days=7))
    assert rules.next_reminder(THEN, after(days=8)) == (30, after(days=30))
    assert rules.next_reminder(THEN, after(days=30)) is None


def test_older_money_is_spent_first():
    assert rules.split_wallet([300, 200, 100], 600) == [300, 200, 100]
    assert rules.split_wallet([300, 200, 100], 450) == [300, 150, 0]
    assert rules.split_wallet([300, 200, 100], 0) == [0, 0, 0]


@given(rests=st.lists(st.integers(0, 10**12), max_size=8), available=st.integers(0, 10**13))
def test_the_parts_are_never_more_than_the_wallet_nor_than_their_refunds(rests, available):
    parts = rules.split_wallet(rests, available)
    assert sum(parts) == min(sum(rests), available)
    assert all(0 <= part <= rest for part, rest in zip(parts, rests, strict=True))
