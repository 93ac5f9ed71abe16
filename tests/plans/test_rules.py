"""The terms of a plan, how a pair is divided, and what the simulator says."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.kernel.errors import InvalidFields
from crowdfund.plans.rules import networks, questions, simulating, splitting, terms, words
from crowdfund.plans.rules.networks import Network, Shape
from crowdfund.plans.rules.splitting import Split
from crowdfund.plans.rules.terms import DEFAULT_TERMS, Terms

TODAY = date(2026, 11, 30)
TYPED = {
    **words.typed(DEFAULT_TERMS),
    "from_on": "2026-12-01",
    "reason": "For these tests only.",
}
shares = st.integers(0, 10_000).flatmap(
    lambda emi: st.tuples(st.just(emi), st.integers(0, 10_000 - emi))
)
some_terms = st.builds(
    lambda pair, shares, free, limit, surplus: Terms(
        pair, 1_000_00, limit, free, *shares, surplus, 500_00
    ),
    st.integers(1, 10**9),
    shares,
    st.integers(0, 8),
    st.integers(1, 12),
    st.sampled_from(terms.Surplus),
)


@pytest.mark.parametrize(
    ("pair_no", "is_active_buyer", "split"),
    [
        (1, False, Split(2_000_00, 0, 0)),
        (5, False, Split(2_000_00, 0, 0)),
        (6, False, Split(1_600_00, 400_00, 0)),
        (6, True, Split(2_000_00, 0, 0)),
        (1_000, False, Split(1_600_00, 400_00, 0)),
    ],
)
def test_the_first_five_pairs_are_paid_in_full_and_later_ones_pay_instalments(
    pair_no, is_active_buyer, split
):
    found = splitting.split_pair(DEFAULT_TERMS, pair_no, is_active_buyer=is_active_buyer)
    assert found == split


@given(some_terms, st.integers(1, 100), st.booleans())
def test_the_parts_of_a_pair_are_its_gross_to_the_paisa(plan, pair_no, active):
    split = splitting.split_pair(plan, pair_no, is_active_buyer=active)
    assert split.gross_minor == plan.pair_minor
    assert min(split.wallet_minor, split.emi_minor, split.reserve_minor) >= 0
    assert not (active and split.emi_minor)


def test_pairs_are_numbered_from_one():
    with pytest.raises(ValueError, match="numbered from 1"):
        splitting.split_pair(DEFAULT_TERMS, 0, is_active_buyer=False)


@pytest.mark.parametrize(
    ("ready", "before", "paid"),
    [(3, 0, 3), (12, 0, 10), (3, 9, 1), (1, 10, 0), (0, 0, 0), (1, 11, 0)],
)
def test_a_month_pays_ten_pairs(ready, before, paid):
    assert splitting.paid_in_month(DEFAULT_TERMS, ready, before) == paid


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 30, 18, 29, 59, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 18, 30, tzinfo=UTC), date(2026, 12, 1)),
    ],
)
def test_a_day_begins_at_midnight_in_india(moment, day):
    assert terms.business_date(moment) == day


def test_what_the_form_shows_is_what_it_reads():
    good, errors = terms.clean(TYPED, TODAY)
    assert errors == {}
    assert Terms(**{name: good[name] for name in terms.NAMES}) == DEFAULT_TERMS


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("pair_minor", "0"),
        ("pair_minor", "1000000.01"),
        ("pair_minor", "two"),
        ("referral_minor", "-1"),
        ("min_payout_minor", "0.001"),
        ("month_limit", "0"),
        ("month_limit", "1001"),
        ("free_pairs", "-1"),
        ("free_pairs", "2.5"),
        ("emi_bp", "100.01"),
        ("reserve_bp", "81"),
        ("surplus", "keep"),
        ("from_on", "2026-11-30"),
        ("from_on", "2027-12-02"),
        ("reason", "short"),
    ],
)
def test_each_bad_value_has_a_sentence_at_its_field(field, typed):
    _good, errors = terms.clean({**TYPED, field: typed}, TODAY)
    assert set(errors) == {field}
    assert errors[field].endswith((".", "?"))


def test_a_share_of_both_kinds_may_be_all_of_a_pair():
    assert terms.clean({**TYPED, "reserve_bp": "80"}, TODAY)[1] == {}


def test_in_one_line_there_are_bonuses_and_no_pairs():
    outcome = simulating.simulate(
        DEFAULT_TERMS, networks.build(Shape.ONE_SIDED, 100, 1), active_share_bp=0
    )
    assert (outcome.pairs_minor, outcome.referral_minor) == (0, 99 * 1_000_00)
    assert outcome.earn_nothing == 1


def test_three_members_make_one_pair():
    outcome = simulating.simulate(
        DEFAULT_TERMS, networks.build(Shape.BALANCED, 3, 1), active_share_bp=0
    )
    assert (outcome.pairs_minor, outcome.top_minor) == (2_000_00, 2_000_00 + 2 * 1_000_00)
    assert (outcome.earn_nothing, outcome.median_minor) == (2, 0)


@pytest.mark.parametrize(
    ("surplus", "paid", "waiting", "lost"), [("carry", 14, 0, 0), ("flush", 10, 0, 4)]
)
def test_pairs_above_the_limit_are_paid_later_or_lost(surplus, paid, waiting, lost):
    """The root has 14 members in each leg, all of the first month; one more comes in the second."""
    plan = Terms(2_000_00, 1, 10, 0, 0, 0, surplus, 1)
    parents, legs = [-1], [0]
    for leg in (0, 1):
        last = 0
        for _member in range(14):
            parents.append(last)
            legs.append(leg)
            last = len(parents) - 1
    parents.append(last)
    legs.append(1)
    months = [0] * 29 + [1]
    outcome = simulating.simulate(plan, Network(parents, legs, parents, months), active_share_bp=0)
    assert outcome.pairs_minor // 2_000_00 == paid
    assert (outcome.waiting_pairs, outcome.lost_pairs) == (waiting, lost)
    assert [month.pairs for month in outcome.months] == [10, paid - 10]


@pytest.mark.parametrize("shape", Shape)
@given(
    plan=some_terms,
    members=st.integers(1, 120),
    months=st.integers(1, 6),
    active=st.integers(0, 10_000),
)
def test_the_simulator_pays_what_a_slow_model_pays(shape, plan, members, months, active):
    network = networks.build(shape, members, months)
    outcome = simulating.simulate(plan, network, active_share_bp=active)
    assert outcome.paid_minor == _slowly(plan, network)
    assert sum(band.members for band in outcome.bands) == members
    assert sum(month.paid_minor for month in outcome.months) == outcome.paid_minor
    assert (
        outcome.to_wallets_minor + outcome.to_emi_minor + outcome.to_reserve_minor
        == outcome.paid_minor
    )


def _slowly(plan, network):
    """Walk up from each member as it joins; count the pairs of each month for each owner."""
    legs = [[0, 0] for _member in network.parents]
    used, total = [0] * len(legs), 0
    for month in range(max(network.months) + 1):
        for number, joined in enumerate(network.months):
            if joined != month:
                continue
            total += plan.referral_minor * (network.sponsors[number] >= 0)
            at = number
            while network.parents[at] >= 0:
                legs[network.parents[at]][network.legs[at]] += 1
                at = network.parents[at]
        for owner, (left, right) in enumerate(legs):
            ready = min(left, right) - used[owner]
            paid = min(ready, plan.month_limit)
            total += paid * plan.pair_minor
            used[owner] += ready if plan.surplus == "flush" else paid
    return total


@pytest.mark.parametrize("shape", Shape)
def test_a_network_is_a_tree_with_one_member_in_each_place(shape):
    network = networks.build(shape, 2_000, 7)
    places = list(zip(network.parents, network.legs, strict=True))[1:]
    assert len(set(places)) == len(places)
    assert all(parent < number for number, parent in enumerate(network.parents))
    assert network == networks.build(shape, 2_000, 7)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("shape", "round"),
        ("members", "0"),
        ("members", "5001"),
        ("months", "37"),
        ("active", "101"),
        ("paid", "0"),
    ],
)
def test_the_simulator_refuses_what_it_cannot_make(field, typed):
    with pytest.raises(InvalidFields) as refused:
        questions.clean({**questions.USUAL, field: typed})
    assert set(refused.value.errors) == {field}


def test_the_usual_question_is_the_one_of_the_form():
    assert questions.clean(questions.USUAL) == questions.USUAL_QUESTION
