"""Each pair of what a webhook and the gateway's own answer may say, as a table."""

import pytest

from crowdfund.payments import rules
from crowdfund.payments.rules import Kind, Report, Resolution, Status, Verdict

STATUSES = ("PENDING", "SUCCESS", "SETTLED", "FAILED")
OK, AHEAD, AGAINST = Verdict.OK, Verdict.AHEAD, Verdict.CONTRADICTION
# (what the webhook says, what the gateway answers): (what is claimed, the verdict)
WEIGHED = {
    ("PENDING", "PENDING"): ("PENDING", OK), ("PENDING", "SUCCESS"): ("PENDING", OK),
    ("PENDING", "SETTLED"): ("PENDING", OK), ("PENDING", "FAILED"): ("", OK),
    ("SUCCESS", "PENDING"): ("PENDING", AHEAD), ("SUCCESS", "SUCCESS"): ("SUCCESS", OK),
    ("SUCCESS", "SETTLED"): ("SUCCESS", OK), ("SUCCESS", "FAILED"): ("", OK),
    ("SETTLED", "PENDING"): ("PENDING", AHEAD), ("SETTLED", "SUCCESS"): ("SUCCESS", AHEAD),
    ("SETTLED", "SETTLED"): ("SETTLED", OK), ("SETTLED", "FAILED"): ("", AGAINST),
    ("FAILED", "PENDING"): ("", AHEAD), ("FAILED", "SUCCESS"): ("", AGAINST),
    ("FAILED", "SETTLED"): ("", AGAINST), ("FAILED", "FAILED"): ("FAILED", OK),
}  # fmt: skip
# (status of the payment, strongest agreed status): the way there
PATHS = {
    ("created", "PENDING"): ("pending",), ("created", "SUCCESS"): ("succeeded",),
    ("created", "SETTLED"): ("succeeded", "settled"), ("created", "FAILED"): ("failed",),
    ("pending", "SUCCESS"): ("succeeded",), ("pending", "SETTLED"): ("succeeded", "settled"),
    ("pending", "FAILED"): ("failed",),
    ("expired", "SUCCESS"): ("succeeded",), ("expired", "SETTLED"): ("succeeded", "settled"),
    ("failed", "SUCCESS"): ("succeeded",), ("failed", "SETTLED"): ("succeeded", "settled"),
    ("cancelled", "SUCCESS"): ("succeeded",), ("cancelled", "SETTLED"): ("succeeded", "settled"),
    ("succeeded", "SETTLED"): ("settled",), ("succeeded", "FAILED"): ("reversed",),
}  # fmt: skip


def said(status, **changes):
    return Report(
        **(
            {"status": status, "amount_minor": 100, "currency": "ETB", "customer_ref": "C"}
            | changes
        )
    )


@pytest.mark.parametrize(("pair", "expected"), WEIGHED.items())
def test_a_webhook_is_worth_what_the_gateway_confirms(pair, expected):
    event, truth = pair
    assert rules.reconcile(said(event), said(truth)) == rules.Reconciliation(*expected)


@pytest.mark.parametrize("change", [{"amount_minor": 101}, {"currency": "USD"}])
def test_figures_count_once_money_is_claimed(change):
    assert rules.reconcile(said("PENDING", **change), said("SETTLED")) == rules.Reconciliation(
        "PENDING", OK
    )
    assert rules.reconcile(said("SUCCESS", **change), said("SUCCESS")) == rules.Reconciliation(
        "", AGAINST
    )


@pytest.mark.parametrize("event", STATUSES)
@pytest.mark.parametrize("truth", STATUSES)
def test_a_webhook_about_another_customer_is_worth_nothing(event, truth):
    other = said(event, customer_ref="D")
    assert rules.reconcile(other, said(truth)) == rules.Reconciliation("", AGAINST)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("effective", ["", *STATUSES])
def test_a_payment_goes_only_where_the_agreed_status_leads(status, effective):
    assert rules.path(status, effective) == PATHS.get((status, effective), ())


@pytest.mark.parametrize(
    ("claimed", "truth", "claimed_failed", "effective"),
    [
        ("", "SETTLED", False, ""),
        ("PENDING", "SETTLED", False, "PENDING"),
        ("SETTLED", "PENDING", False, "PENDING"),
        ("SUCCESS", "SETTLED", False, "SUCCESS"),
        ("SETTLED", "SUCCESS", True, "SUCCESS"),
        ("SETTLED", "FAILED", False, ""),
        ("SETTLED", "FAILED", True, "FAILED"),
        ("", "FAILED", True, "FAILED"),
    ],
)
def test_the_agreed_status_is_the_weaker_of_the_two(claimed, truth, claimed_failed, effective):
    assert rules.agreed_status(claimed, truth, claimed_failed=claimed_failed) == effective


def test_a_claim_only_rises():
    ladder = ("", *rules.LADDER)
    for low, before in enumerate(ladder):
        for high, claim in enumerate(ladder):
            assert rules.higher_status(before, claim) == ladder[max(low, high)]
    assert [rules.rank(status) for status in (*ladder, "FAILED")] == [-1, 0, 1, 2, -1]


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("truth", STATUSES)
@pytest.mark.parametrize("claimed", ["", *rules.LADDER])
@pytest.mark.parametrize("claimed_failed", [False, True])
def test_a_webhook_is_missing_when_the_gateway_knows_more(status, truth, claimed, claimed_failed):
    ended = status in ("settled", "reversed")
    if truth == "FAILED":
        expected = status in ("pending", "succeeded") and not claimed_failed
    else:
        known = {"": 0, "PENDING": 0, "SUCCESS": 1, "SETTLED": 2}
        expected = not ended and known[truth] > known[claimed]
    assert rules.missing_webhook(status, claimed, truth, claimed_failed=claimed_failed) is expected


def test_late_money_of_another_currency_can_only_go_back():
    assert rules.misfit((100, "USD"), (100, "ETB"), released=True) == Kind.WRONG_CURRENCY
    assert rules.RESOLUTIONS[Kind.WRONG_CURRENCY] == rules.BACK


def test_money_in_suspense_is_never_dismissed_and_a_doubt_moves_none():
    doubts = (Kind.CONTRADICTION, Kind.WEBHOOK_MISSING, Kind.UNKNOWN_ON_CHAIN)
    for kind, possible in rules.RESOLUTIONS.items():
        holds_money = kind not in doubts
        assert (Resolution.DISMISS in possible) is not holds_money
        assert set(rules.BACK).issubset(possible) is holds_money
