"""The state machine alone."""

from datetime import timedelta
from itertools import permutations

import pytest

from crowdfund.payments import rules
from crowdfund.payments.rules import Kind, Report, Status, Verdict


def said(status, amount=100, currency="ETB", customer="CPRN-1"):
    return Report(status, amount, currency, customer)


def test_an_event_claims_at_most_what_the_gateway_confirms():
    assert rules.reconcile(said("SETTLED"), said("SUCCESS")) == rules.Reconciliation(
        "SUCCESS", Verdict.AHEAD
    )
    assert rules.reconcile(said("SUCCESS"), said("SETTLED")) == rules.Reconciliation(
        "SUCCESS", Verdict.OK
    )
    assert rules.reconcile(said("FAILED"), said("FAILED")) == rules.Reconciliation(
        "FAILED", Verdict.OK
    )


@pytest.mark.parametrize(
    ("event", "truth"),
    [
        (said("FAILED"), said("SUCCESS")),
        (said("FAILED"), said("SETTLED")),
        (said("SETTLED"), said("FAILED")),
        (said("SETTLED", amount=99), said("SETTLED")),
        (said("SUCCESS", currency="USD"), said("SETTLED")),
        (said("PENDING", customer="CPRN-2"), said("PENDING")),
    ],
)
def test_what_differs_from_the_gateway_is_a_contradiction_and_claims_nothing(event, truth):
    assert rules.reconcile(event, truth) == rules.Reconciliation("", Verdict.CONTRADICTION)


@pytest.mark.parametrize("order", list(permutations(rules.LADDER)))
def test_claims_add_up_to_the_strongest_in_any_order(order):
    claimed = ""
    for status in order:
        claimed = rules.higher_status(claimed, status)
    assert claimed == "SETTLED"


def test_no_path_leads_backward_or_out_of_an_end():
    for effective in (*rules.LADDER, "FAILED"):
        assert rules.path(Status.SETTLED, effective) == ()
        assert rules.path(Status.REVERSED, effective) == ()
    assert rules.path(Status.SUCCEEDED, "PENDING") == ()
    assert rules.path(Status.SUCCEEDED, "FAILED") == (Status.REVERSED,)


def test_settled_without_success_passes_through_both_so_that_the_postings_are_the_same():
    assert rules.path(Status.PENDING, "SETTLED") == (Status.SUCCEEDED, Status.SETTLED)


@pytest.mark.parametrize(
    ("received", "is_released", "kind"),
    [
        ((100, "ETB"), False, None),
        ((99, "ETB"), False, Kind.TOO_LITTLE),
        ((101, "ETB"), False, Kind.TOO_MUCH),
        ((100, "USD"), False, Kind.WRONG_CURRENCY),
        ((100, "USD"), True, Kind.WRONG_CURRENCY),
        ((100, "ETB"), True, Kind.LATE),
        ((99, "ETB"), True, Kind.LATE),
    ],
)
def test_money_that_does_not_fit_has_a_kind(received, is_released, kind):
    assert rules.misfit(received, (100, "ETB"), released=is_released) == kind


def test_every_kind_has_a_proposal():
    assert all(rules.RESOLUTIONS[kind] for kind in Kind)


def test_waits_double_up_to_an_hour_and_end_after_half_a_day():
    waits, waited = [], timedelta()
    while waited < rules.DEAD_AFTER:
        waits.append(rules.retry_delay_s(waited))
        waited += timedelta(seconds=waits[-1])
    assert waits[:5] == [1.0, 1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == max(waits) == rules.MAX_DELAY_S
    assert len(waits) < 30


EXPECTED = {"tx_id": "NEO-1", "reference": "p1", "customer_ref": "CPRN-1"}


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (("NEO-1", "p1", "CPRN-1"), None),
        (("NEO-2", "p1", "CPRN-1"), "transaction"),
        (("NEO-1", "p2", "CPRN-1"), "reference"),
        (("NEO-1", "", "CPRN-1"), "reference"),
        (("NEO-1", "p1", "CPRN-2"), "customer"),
    ],
)
def test_an_answer_about_something_else_is_recognised_by_each_of_its_names(answer, field):
    assert rules.difference(answer, **EXPECTED) == field


@pytest.mark.parametrize("place", range(3))
def test_what_we_do_not_know_yet_is_not_compared(place):
    names = list(EXPECTED)
    answer = ["NEO-1", "p1", "CPRN-1"]
    answer[place] = "anything"
    assert rules.difference(tuple(answer), **EXPECTED | {names[place]: None}) is None
