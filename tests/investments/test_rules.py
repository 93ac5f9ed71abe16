"""The rules of investments alone: where a status leads, and what its page says."""

import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from crowdfund.investments import rules
from crowdfund.investments.rules import Status

MOMENT = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
NEXT = {
    "paying": {"authorised", "settled", "failed", "expired", "returned"},
    "authorised": {"settled", "failed", "returned"},
    "settled": {"confirmed", "returned"},
    "confirmed": {"returned"},
    "failed": {"settled", "returned"},
    "expired": {"settled", "returned"},
    "returned": set(),
}


def steps(status, *, came_minor=None, times=None):
    investment = SimpleNamespace(status=status, amount_minor=1_000_00)
    return rules.timeline(investment, times or {}, came_minor=came_minor)


@pytest.mark.parametrize("before", Status)
def test_a_status_leads_only_where_the_rules_say(before):
    assert {after for after in Status if rules.can_move(before, after)} == NEXT[before]


def test_money_is_in_once_it_is_settled_and_counts_as_active_from_the_start():
    assert set(rules.IN) == {"settled", "confirmed"}
    assert set(rules.ACTIVE) == {"paying", "authorised", "settled", "confirmed"}
    assert set(rules.FINAL) == {"confirmed", "failed", "expired", "returned"}


@pytest.mark.parametrize(
    ("status", "came_minor", "sentence"),
    [
        ("expired", None, "was not made in time. Nothing was charged"),
        ("failed", None, "did not take the payment. Nothing was charged"),
        ("failed", 1_000_00, "took the payment back"),
        ("expired", 1_000_00, "took the payment back"),
        ("failed", 999_99, "not the amount that you chose"),
        ("failed", 1_000_01, "not the amount that you chose"),
        ("expired", 999_99, "not the amount that you chose"),
    ],
)
def test_a_person_whose_payment_did_not_count_reads_why(status, came_minor, sentence):
    placed, ended = steps(status, came_minor=came_minor, times={Status(status): MOMENT})
    assert placed["state"] == "done"
    assert (ended["state"], ended["at"]) == ("failed", MOMENT)
    assert sentence in ended["text"]


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("paying", ["done", "current", "todo", "todo"]),
        ("authorised", ["done", "done", "current", "todo"]),
        ("settled", ["done", "done", "done", "current"]),
        ("confirmed", ["done", "done", "done", "done"]),
        ("returned", ["done", "done", "done", "done"]),
    ],
)
def test_the_steps_of_an_investment_follow_its_status(status, states):
    found = steps(status)
    assert [step["state"] for step in found] == states
    waiting = [bool(step["text"]) for step in found if step["state"] in ("current", "todo")]
    assert all(waiting)


def test_each_step_has_the_moment_of_its_status():
    names = (Status.PAYING, Status.AUTHORISED, Status.SETTLED, Status.CONFIRMED)
    times = {name: MOMENT.replace(minute=place) for place, name in enumerate(names)}
    assert [step["at"] for step in steps("confirmed", times=times)] == list(times.values())
    returned = MOMENT.replace(hour=12)
    last = steps("returned", times=times | {Status.RETURNED: returned})[-1]
    assert (last["label"], last["at"]) == ("Money returned", returned)
    assert "in your wallet" in last["text"]


@pytest.mark.parametrize(
    ("amount", "goal", "text"),
    [
        (1_00, 3_00, "33.33"),
        (3_00, 3_00, "100.00"),
        (1, 10_000, "0.01"),
        (1, 10_001, "0.00"),
        (7, 100, "7.00"),
    ],
)
def test_a_part_of_the_goal_is_floored_to_two_decimals(amount, goal, text):
    assert rules.percent_of_goal(amount, goal) == text


def test_an_amount_buys_whole_shares():
    assert [rules.shares(amount, 100_00) for amount in (99_99, 100_00, 1_500_00)] == [0, 1, 15]


def test_a_consent_is_known_by_the_hash_of_its_words():
    assert rules.text_hash("I agree.") == hashlib.sha256(b"I agree.").hexdigest()
    assert rules.text_hash() == rules.text_hash(rules.risk_text())


def test_the_reference_of_a_record_never_changes():
    """The contract knows an investment by it: another one would be recorded twice."""
    assert rules.reference("i1") == "investment:i1"


def test_the_steps_have_names_that_say_what_happened():
    assert [step["label"] for step in steps("paying")] == [
        "Investment placed", "Paid at NEO Bank", "Settled", "Recorded on chain",
    ]  # fmt: skip
    assert steps("failed")[-1]["label"] == "Payment not completed"
