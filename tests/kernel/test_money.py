"""Money: what people type, how it rounds, and that nothing gets lost in a split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.kernel import i18n, money
from crowdfund.kernel.errors import InvalidAmount
from crowdfund.kernel.fields.characters import plain_characters

GOOD = {
    "1": 100, "1.5": 150, "1.05": 105, "0.01": 1, "1250.50": 125_050, "1,250.50": 125_050,
    " 7 ": 700, "10,000,000": 1_000_000_000, "007": 700, "10000000000000": 10**15,
    "١٢٣": 12_300, "１,２５０．５０": 125_050, "५": 500, "1\u200e": 100,
    "2,50,000": 25_000_000, "2,50,000.00": 25_000_000, "250,000": 25_000_000, "250000": 25_000_000,
    "12,34,567.89": 123_456_789, "१,००,०००": 10_000_000, "२,५०,०००": 25_000_000,
    "00,01,000": 100_000, "1 000": 100_000, "1\u00a0000": 100_000, "1\u202f000.50": 100_050,
    "1’000": 100_000, "1'000'000": 100_000_000, "12 345 678.9": 1_234_567_890, "२ ५००": 250_000,
    "ETB 1": 100, "1 ETB": 100, "etb2,500.00": 250_000, "2,500.50\u00a0ETB": 250_050,
}  # fmt: skip
BAD = [
    "", " ", "0", "0.00", "-1", "+1", "1.", ".5", "1,2,3.4", "1,25", "12,50", "1.000",
    "1" + " " * 60 + "000", "1" + "\u200e" * 60 + "0", "2,5000", "2,50,00", "25,00",
    "2,50,0000", "250,00,000", "2,50000", "1,234,56,789", ",50,000", "2,,50,000", "2,50,000,",
    "1.2.3", "1e9", "1E9",
    "0x10", "NaN", "nan", "inf", "Infinity", "-0", "--1", "1_000",
    "−1", "1٫5", "1 00", "1 000 00", "1 000'000", "1 000,50", "<b>1</b>",
    "<script>alert(1)</script>",
    "'; DROP TABLE x; --", "1;", "$1", "1 INR", "ETB", "ETB ETB 1", "ETB1ETB1", "one",
    "1\n2", "\x00", "½", "9" * 17, "9" * 5000, "1" + ",000" * 2000, "0." + "0" * 10_000,
    "10000000000000.01", "😀",
]  # fmt: skip


@pytest.mark.parametrize(("typed", "minor"), GOOD.items())
def test_an_amount_becomes_minor_units(typed, minor):
    assert money.parse(typed) == minor


@pytest.mark.parametrize("typed", BAD, ids=range(len(BAD)))
def test_what_is_no_amount_gets_a_sentence(typed):
    with pytest.raises(InvalidAmount) as refusal:
        money.parse(typed)
    assert refusal.value.status == 422
    assert refusal.value.field == "amount"
    assert refusal.value.user_message.endswith(".")
    assert "<" not in refusal.value.user_message  # nothing typed is repeated


def test_an_amount_as_long_as_any_may_be_in_digits_of_any_script():
    assert money.parse("०" * 36 + "1.50") == 150


@pytest.mark.parametrize("typed", ["99999999999999999999", "10,000,000,000,000.01", "9" * 40])
def test_an_amount_that_is_too_large_names_the_maximum(typed):
    with pytest.raises(InvalidAmount, match=r"at most 10,000,000,000,000\.00 ETB"):
        money.parse(typed)
    with pytest.raises(InvalidAmount, match=r"at most 50,000\.00 ETB"):
        money.parse(typed, most_minor=50_000_00)


@given(st.integers(1, 10**15))
def test_what_is_printed_is_read_back(minor):
    assert money.parse(money.decimal_str(minor)) == minor
    assert money.parse(money.fmt(minor).removesuffix(" ETB")) == minor
    assert money.parse(money.fmt(minor)) == minor


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@given(minor=st.integers(1, 10**15))
def test_what_a_page_of_any_language_prints_is_read_back_in_every_language(language, minor):
    with i18n.using(language):
        shown = money.fmt(minor).removesuffix(" ETB")
    for reader in i18n.LANGUAGES:
        with i18n.using(reader):
            assert money.parse(shown) == minor


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_refused_and_an_amount_has_plain_characters(text):
    try:
        minor = money.parse(text)
    except InvalidAmount:
        return
    assert 0 < minor <= money.MAX_MINOR
    assert plain_characters(text).strip().isascii()


@pytest.mark.parametrize(
    ("minor", "text"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456_789, "1,234,567.89"), (-100, "-1.00")],
)
def test_money_is_shown_with_commas_and_two_decimals(minor, text):
    assert money.fmt(minor) == f"{text} ETB"
    assert money.decimal_str(minor) == text.replace(",", "")


@pytest.mark.parametrize(
    ("minor", "bps", "expected"),
    [
        (100, 250, 3),
        (20, 250, 1),
        (19, 250, 0),
        (1, 5_000, 1),
        (3, 5_000, 2),
        (99, 50, 0),
        (100, 50, 1),
        (0, 250, 0),
    ],
)
def test_a_percentage_is_rounded_half_up(minor, bps, expected):
    assert money.percent(minor, bps) == expected


@pytest.mark.parametrize(
    ("minor", "expected"),
    [(39, 0), (40, 1), (79, 1), (80, 2), (133_334, 3_333), (10**9, 25 * 10**6)],
)
def test_the_fee_of_two_and_a_half_percent_is_floored(minor, expected):
    assert money.fee(minor) == expected


@given(st.integers(0, 10**15), st.integers(0, 10_000))
def test_a_fee_never_exceeds_the_percentage(minor, bps):
    assert money.fee(minor, bps) <= money.percent(minor, bps) <= money.fee(minor, bps) + 1


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(sum))
def test_parts_add_up_to_the_whole_and_are_fair_to_a_cent(total, weights):
    parts = money.split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert part - total * weight // sum(weights) in (0, 1)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_the_largest_remainder_gets_the_odd_cent_and_the_first_of_equals():
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(10, [1, 2, 4]) == [1, 3, 6]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_nothing_is_split_by_impossible_weights(weights):
    with pytest.raises(ValueError, match="weights must be positive"):
        money.split(100, weights)
