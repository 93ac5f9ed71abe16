"""Parts of a release: what may be typed, and what each pays, to the cent."""

import pytest

from crowdfund.campaigns.rules import life, tranches
from crowdfund.chain.rules import tranches_bytes32
from crowdfund.kernel.errors import Invalid


def parts(*rows):
    return {
        name: value
        for number, (share, condition) in enumerate(rows, 1)
        for name, value in ((f"part{number}", share), (f"condition{number}", condition))
    }


def test_nothing_typed_is_one_release():
    for stored in (tranches.clean({}), tranches.clean(parts((" ", ""), ("", None))), None):
        assert tranches.shares(stored) == ()
        assert tranches.count(stored) == 1
        assert [tranches.share_after(stored, paid) for paid in (0, 1, 2)] == [0, 10_000, 10_000]


def test_parts_are_read_as_typed_with_their_conditions():
    stored = tranches.clean(parts(("33.33 %", " At  success. "), ("", ""), ("66,67", "Delivered.")))
    assert stored == [
        {"share_bps": 3_333, "condition": "At success."},
        {"share_bps": 6_667, "condition": "Delivered."},
    ]
    assert tranches.shares(stored) == (3_333, 10_000)
    assert tranches_bytes32(tranches.shares(stored)) == "0x0d052710" + "00" * 28
    assert [tranches.share_after(stored, paid) for paid in range(4)] == [0, 3_333, 10_000, 10_000]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (parts(("100", "At success.")), "part1"),
        (parts(("50", "At success."), ("49.99", "Delivered.")), "part1"),
        (parts(("50", "At success."), ("50.01", "Delivered.")), "part1"),
        (parts(("50", "At success."), ("50", "")), "condition2"),
        (parts(("50", "At success."), ("", "Delivered.")), "part2"),
        (parts(("0", "At success."), ("100", "Delivered.")), "part1"),
        (parts(("a half", "At success."), ("50", "Delivered.")), "part1"),
        (parts(("50", "At success."), ("50", "x" * 201)), "condition2"),
    ],
)
def test_parts_that_make_no_whole_are_refused_with_their_field(typed, field):
    with pytest.raises(Invalid) as caught:
        tranches.clean(typed)
    assert caught.value.field == field


@pytest.mark.parametrize("total", [1, 39, 40, 79, 100, 7_777_41, 10**12 + 7])
@pytest.mark.parametrize("tokens", [0, 1, 39, 555_55])
def test_parts_add_up_to_one_release_and_none_pays_less_than_nothing(total, tokens):
    whole = life.payout(total, tokens, 250)
    for shares in ((1, 2, 10_000), (3_333, 9_800, 10_000), (9_999, 10_000)):
        paid, before = [], 0
        for share in shares:
            paid.append(life.payout(total, tokens, 250, share_bps=share, before_bps=before))
            before = share
        assert sum(one.company_minor for one in paid) == whole.company_minor
        assert sum(one.fee_minor for one in paid) == whole.fee_minor
        assert all(one.company_minor >= 0 and one.fee_minor >= 0 for one in paid)
