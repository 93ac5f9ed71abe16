"""Rates are dated data with a source; a quote locks one of them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.kernel import clock
from crowdfund.kernel.errors import Invalid
from crowdfund.token_payments import queries, rules
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.rows import RateRow
from tests import raising

from .conftest import add_rate, order_of, place

NOW = clock.real()


def rate(numerator, denominator):
    return RateRow("r", "cUSD", "ETB", numerator, denominator, NOW, "a bank", "cli", NOW)


@given(
    st.integers(1, 10**12),
    st.integers(1, 10**9),
    st.integers(1, 10**9),
)
def test_what_is_credited_is_never_worth_more_than_what_comes_in(amount, numerator, denominator):
    paid = rules.token_minor(amount, rate(numerator, denominator))
    assert paid * numerator >= amount * denominator  # worth at least the amount
    assert (paid - 1) * numerator < amount * denominator  # and not a hundredth more


@pytest.mark.parametrize(
    ("fraction", "amount", "paid", "words"),
    [
        ((1, 1), 1_000_00, 1_000_00, "1"),
        ((1_550_000, 10_000), 1_000_00, 6_46, "155"),  # 6.4516… dollars, rounded up
        ((155_1234, 10_000), 155_1234, 1_0000, "155.1234"),
        ((1, 3), 1, 3, "0.333333"),
    ],
)
def test_a_quote_is_rounded_up_to_the_hundredth_of_the_token(fraction, amount, paid, words):
    assert rules.token_minor(amount, rate(*fraction)) == paid
    assert rules.rate_words(rate(*fraction)) == words


def test_a_quote_ends_after_15_minutes_and_never_after_the_deadline():
    assert rules.valid_until(NOW, NOW + timedelta(days=9)) == (NOW + timedelta(minutes=15)).replace(
        microsecond=0
    )
    ends = (NOW + timedelta(seconds=90)).replace(microsecond=0)
    assert rules.valid_until(NOW, ends) == ends


def test_a_rate_is_added_once_and_only_followed_by_later_ones(world):
    assert add_rate(1, 1) is True
    assert add_rate(1, 1) is False
    with raising.refused(Invalid):
        add_rate(2, 1)
    later = clock.now() - timedelta(days=1)
    assert add_rate(3, 2, at=later) is True
    assert queries.rate_at("cETB", "ETB", clock.now()).numerator == 3
    assert queries.rate_at("cETB", "ETB", later - timedelta(seconds=1)).numerator == 1
    assert queries.rate_at("cUSD", "ETB", clock.now()) is None


@pytest.mark.parametrize("wrong", [{"numerator": 0}, {"denominator": -1}, {"source": "  "}])
def test_a_rate_without_numbers_or_source_is_refused(world, wrong):
    with raising.refused(Invalid):
        add_rate(**wrong)
    assert queries.rates() == []


def test_an_order_holds_the_rate_that_was_valid_when_it_was_placed(charlie):
    investment_id, order = place(charlie)
    add_rate(2, 1, at=clock.now())
    found = order_of(charlie, investment_id)
    assert (found.rate_id, found.amount_minor, found.token_minor) == (
        order.rate_id,
        1_000_00,
        1_000_00,
    )
    assert int(found.units) == 1_000_00 * 10_000
    assert queries.rate(found.rate_id).numerator == 1


def test_a_token_that_the_contract_cannot_count_is_not_offered(charlie):
    add_rate(155, 1, at=clock.now())
    with raising.refused(rules.NotCountable):
        place(charlie)


def test_without_a_rate_nothing_can_be_paid_with_tokens(world):
    assert "No exchange rate" in token_payments.refusal("ETB", "0x" + "1" * 40)
    with raising.refused(rules.NotCountable):
        place(world)
