"""What a transaction pays: pure arithmetic at its boundaries."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crowdfund.adapters.chain.answers import Sent
from crowdfund.adapters.chain.fees import Fees, Market
from crowdfund.chain import fees
from crowdfund.chain.errors import FeeAboveLimit
from crowdfund.kernel import config

GWEI = 10**9
wei = st.integers(min_value=0, max_value=100 * GWEI)


@pytest.fixture(autouse=True)
def limit_of_500_gwei():
    config.use(config.Settings(_env_file=None, chain_max_fee_gwei=Decimal(500)))
    yield
    config.use(None)


def market(base, tip=0, *, block=7):
    return Market(block=block, base=base, tip=tip, price=(base or 0) + tip, gas_limit=30_000_000)


def old_market(price, *, block=7):
    """A chain without base fee."""
    return Market(block=block, base=None, tip=0, price=price, gas_limit=30_000_000)


def offer(cap, tip, *, judged_at=6, refusal=None, is_first=True):
    return fees.Offer(Fees(cap, tip), judged_at=judged_at, refusal=refusal, is_first=is_first)


# --- replacement ----------------------------------------------------------------------------------


@given(cap=wei, tip=wei, base=wei, asked=wei)
def test_a_replacement_is_taken_by_every_node_and_pays_what_the_market_asks(cap, tip, base, asked):
    old, now = Fees(max(cap, tip), tip), market(base, asked)
    new = fees.for_replacement(old, now)
    for percent in (1100, 1125):
        assert new.cap * 1000 >= old.cap * percent
        assert new.tip * 1000 >= old.tip * percent
    assert new.cap > old.cap
    assert new.tip > old.tip
    assert new.cap >= new.tip
    assert now.is_content_with(new)
    assert new.cap <= 500 * GWEI


@pytest.mark.parametrize(
    ("old", "new"),
    [(0, 1), (1, 2), (7, 8), (8, 9), (9, 11), (16, 18), (1000, 1125), (1001, 1127)],
)
def test_an_eighth_more_is_rounded_up_and_never_nothing(old, new):
    assert Fees(old, old).bumped() == Fees(new, new)
    assert Fees(old, None).bumped() == Fees(new, None)


def test_a_market_that_asks_more_than_an_eighth_is_followed_at_once():
    assert fees.for_replacement(Fees(3, 1), market(100, 10)) == Fees(210, 10)


def test_a_market_that_asks_nothing_more_costs_an_eighth_and_not_more():
    assert fees.for_replacement(Fees(800, 80), market(100, 10)) == Fees(900, 90)


def test_a_replacement_without_base_fee_stays_one_price():
    assert fees.for_replacement(Fees(800, None), old_market(700)) == Fees(900, None)
    assert fees.for_replacement(Fees(800, None), old_market(2000)) == Fees(2000, None)


# --- the limit ------------------------------------------------------------------------------------


def test_new_fees_leave_room_for_a_doubled_base_fee():
    assert fees.for_new(market(100 * GWEI, GWEI)) == Fees(201 * GWEI, GWEI)
    assert fees.for_new(old_market(30 * GWEI)) == Fees(30 * GWEI, None)


def test_the_room_ends_at_the_limit():
    assert fees.for_new(market(300 * GWEI, GWEI)) == Fees(500 * GWEI, GWEI)
    assert fees.for_replacement(Fees(3, 1), market(300 * GWEI, GWEI)).cap == 500 * GWEI


@pytest.mark.parametrize("base", [499 * GWEI, 499 * GWEI + 1])
def test_what_the_network_asks_may_reach_the_limit_and_not_exceed_it(base):
    now = market(base, GWEI)
    if base == 499 * GWEI:
        assert fees.for_new(now) == Fees(500 * GWEI, GWEI)
        return
    with pytest.raises(
        FeeAboveLimit, match=r"asks 500.001 gwei .* limit is 500 gwei \(CHAIN_MAX_FEE_GWEI\)"
    ):
        fees.for_new(now)


def test_a_price_without_base_fee_is_held_to_the_limit_too():
    assert fees.for_new(old_market(500 * GWEI)).cap == 500 * GWEI
    with pytest.raises(FeeAboveLimit):
        fees.for_new(old_market(500 * GWEI + 1))
    with pytest.raises(FeeAboveLimit):
        fees.for_replacement(Fees(450 * GWEI, None), old_market(1))


def test_a_replacement_that_would_have_to_exceed_the_limit_is_none():
    with pytest.raises(FeeAboveLimit, match=r"asks 506\.25 gwei"):
        fees.for_replacement(Fees(450 * GWEI, 1), market(1, 1))
    with pytest.raises(FeeAboveLimit):
        fees.for_replacement(Fees(460 * GWEI, 450 * GWEI), market(1, 1))


@pytest.mark.parametrize("value", ["0", "-1", "much"])
def test_a_limit_that_would_stop_everything_is_refused_at_the_start(value):
    with pytest.raises(ValidationError):
        config.Settings(_env_file=None, chain_max_fee_gwei=value)


def test_a_limit_may_be_less_than_a_gwei():
    config.use(config.Settings(_env_file=None, chain_max_fee_gwei="0.05"))
    assert fees.limit() == 50_000_000


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (1, "0.001"), (10**6, "0.001"), (GWEI, "1"), (1234 * GWEI + 5 * 10**8, "1,234.5")],
)
def test_wei_are_shown_as_gwei(amount, text):
    assert fees.gwei(amount) == text


# --- when -----------------------------------------------------------------------------------------


def test_without_a_new_block_nothing_is_decided():
    for refusal in (None, Sent.BELOW_BASE_FEE, Sent.UNDERPRICED, Sent.REPLACEMENT_UNDERPRICED):
        assert fees.step(offer(1, 1, judged_at=7, refusal=refusal), market(100, 10)) == "wait"
        assert fees.step(offer(1, 1, judged_at=8, refusal=refusal), market(100, 10)) == "wait"


def test_fees_that_the_market_is_content_with_are_not_raised():
    assert fees.step(offer(110, 10), market(100, 10)) == "wait"
    assert fees.step(offer(109, 10), market(100, 10)) == "raise"
    assert fees.step(offer(500, 9), market(100, 10)) == "raise"
    assert fees.step(offer(100, None), old_market(100)) == "wait"
    assert fees.step(offer(99, None), old_market(100)) == "raise"


def test_a_low_tip_keeps_only_the_first_back_and_a_low_cap_everybody():
    assert fees.step(offer(500, 9, is_first=False), market(100, 10)) == "wait"
    assert fees.step(offer(100, 1, is_first=False), market(100, 10)) == "wait"
    assert fees.step(offer(99, 1, is_first=False), market(100, 10)) == "raise"


def test_a_price_that_was_below_the_base_fee_is_good_again_when_the_base_fee_falls():
    assert fees.step(offer(110, 10, refusal=Sent.BELOW_BASE_FEE), market(100, 10)) == "resend"
    assert fees.step(offer(109, 10, refusal=Sent.BELOW_BASE_FEE), market(100, 10)) == "raise"


@pytest.mark.parametrize("refusal", [Sent.UNDERPRICED, Sent.REPLACEMENT_UNDERPRICED])
def test_a_node_that_wants_more_than_the_market_gets_more(refusal):
    assert fees.step(offer(500, 50, refusal=refusal), market(100, 10)) == "raise"


@given(blocks=st.integers(min_value=1, max_value=200))
def test_fees_never_run_away_while_the_market_stands_still(blocks):
    now, held = market(100, 10), Fees(1, 1)
    for block in range(blocks):
        asked = Market(block=block + 1, base=now.base, tip=now.tip, price=now.price, gas_limit=1)
        if fees.step(fees.Offer(held, block, None, is_first=True), asked) == "raise":
            held = fees.for_replacement(held, asked)
    assert held == Fees(210, 10)
