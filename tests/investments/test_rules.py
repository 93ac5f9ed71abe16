"""The rules of investments alone: where a status leads, and what its page says."""

import hashlib
from datetime import UTC, datetime

import pytest

from crowdfund.investments import rules
from crowdfund.investments.rules import Status
from crowdfund.payments.rules import Review

MOMENT = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
NEXT = {
    "paying": {"authorised", "settled", "failed", "expired", "returned", "cancelled"},
    "authorised": {"settled", "failed", "returned", "cancelled"},
    "settled": {"confirmed", "returned"},
    "confirmed": {"returned"},
    "failed": {"settled", "returned"},
    "expired": {"settled", "returned"},
    "cancelled": {"settled", "returned"},
    "returned": set(),
}


def review(kind, resolution=None):
    decided_at = MOMENT if resolution else None
    returned_at = MOMENT if resolution == "return" else None
    sums = (1_000_00, 1_000_00)
    return Review("r1", kind, 1_100_00, "ETB", resolution, decided_at, None, returned_at, *sums)


def steps(status, *, received=rules.NOTHING_RECEIVED, times=None):
    return rules.timeline(status, times or {}, received=received)


@pytest.mark.parametrize("before", Status)
def test_a_status_leads_only_where_the_rules_say(before):
    assert {after for after in Status if rules.can_move(before, after)} == NEXT[before]


def test_money_is_in_once_it_is_settled_and_counts_as_active_from_the_start():
    assert set(rules.IN) == {"settled", "confirmed"}
    assert set(rules.ACTIVE) == {"paying", "authorised", "settled", "confirmed"}
    assert set(rules.FINAL) == {"confirmed", "failed", "expired", "cancelled", "returned"}


REVERSED = rules.Received(is_reversed=True)
RECEIVED = rules.Received(is_received=True)


@pytest.mark.parametrize(
    ("status", "received", "label", "sentence"),
    [
        (
            "expired",
            rules.NOTHING_RECEIVED,
            "Reservation expired",
            "did not receive a payment in time",
        ),
        ("failed", rules.NOTHING_RECEIVED, "Payment not completed", "Nothing was charged"),
        ("failed", REVERSED, "Payment taken back", "took the payment back"),
        ("failed", RECEIVED, "Payment received too late", "had ended when the money arrived"),
        ("expired", RECEIVED, "Payment received too late", "had ended when the money arrived"),
        (
            "expired",
            rules.Received(True, False, review("late")),
            "Payment received too late",
            "had ended",
        ),
        (
            "failed",
            rules.Received(True, False, review("too_much", "credit")),
            "Not invested",
            "not the amount",
        ),
        (
            "failed",
            rules.Received(True, False, review("too_little", "return")),
            "Not invested",
            "not the amount",
        ),
        (
            "failed",
            rules.Received(True, False, review("wrong_currency", "return")),
            "Not invested",
            "currency",
        ),
    ],
)
def test_a_person_whose_payment_did_not_count_reads_why(status, received, label, sentence):
    placed, ended = steps(status, received=received, times={Status(status): MOMENT})
    assert placed["state"] == "done"
    assert (ended["state"], ended["at"], ended["label"]) == ("failed", MOMENT, label)
    assert sentence in ended["text"]
    assert ("Nothing was charged" in ended["text"]) == (label == "Payment not completed")


def test_a_payment_that_came_and_was_not_invested_keeps_its_step():
    times = {Status.AUTHORISED: MOMENT, Status.FAILED: MOMENT}
    found = steps(
        "failed", received=rules.Received(True, False, review("too_much", "return")), times=times
    )
    assert [step["label"] for step in found] == [
        "Investment placed",
        "Paid at NEO Bank",
        "Not invested",
    ]
    assert [step["state"] for step in found] == ["done", "done", "failed"]
    assert found[1]["text"] == ""


@pytest.mark.parametrize(
    ("status", "received", "label"),
    [
        ("authorised", rules.NOTHING_RECEIVED, "Paid"),
        ("authorised", rules.Received(True, False, review("too_much")), "Under review"),
        ("expired", rules.Received(True, False, review("late")), "Under review"),
        ("expired", rules.Received(True, False, review("late", "credit")), "Not invested"),
        ("failed", rules.Received(True, False, review("too_much", "return")), "Not invested"),
        ("failed", rules.NOTHING_RECEIVED, "Failed"),
        ("settled", rules.Received(True, False, review("too_much", "accept")), "Settled"),
    ],
)
def test_the_label_of_a_status_says_what_became_of_the_money(status, received, label):
    assert rules.label(status, received) == label


@pytest.mark.parametrize(("resolution", "label"), [(None, "Under review"), ("accept", "Reviewed")])
def test_money_under_review_is_not_said_to_go_to_escrow(resolution, label):
    found = steps(
        "authorised", received=rules.Received(True, False, review("too_much", resolution))
    )
    assert [step["state"] for step in found] == ["done", "done", "current"]
    assert found[-1]["label"] == label
    assert "escrow" not in found[-1]["text"]


def test_a_page_that_is_quicker_than_the_worker_does_not_ask_to_pay_again():
    found = steps("paying", received=RECEIVED)
    assert [step["state"] for step in found] == ["done", "done", "current", "todo"]


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
        "Investment placed",
        "Paid at NEO Bank",
        "Settled",
        "Recorded on chain",
    ]
    assert steps("failed")[-1]["label"] == "Payment not completed"
