"""How the money of a pair is divided; pure."""

from dataclasses import dataclass

from crowdfund.kernel import money
from crowdfund.plans.rules.terms import Terms


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a pair in minor units; they add up to the gross."""

    wallet_minor: int
    emi_minor: int
    reserve_minor: int

    @property
    def gross_minor(self) -> int:
        """Return the whole amount of the pair."""
        return self.wallet_minor + self.emi_minor + self.reserve_minor


def split_pair(terms: Terms, pair_no: int, *, is_active_buyer: bool) -> Split:
    """Return where the money of an owner's pair goes; shares are rounded half up.

    The first `free_pairs` go to the wallet in full, whoever owns them. Raises ValueError for a
    number below 1. Source: rules.md, Plan.
    """
    if pair_no < 1:
        raise ValueError(f"pairs are numbered from 1, not {pair_no}")
    gross = terms.pair_minor
    if pair_no <= terms.free_pairs:
        return Split(gross, 0, 0)
    emi = 0 if is_active_buyer else money.percent(gross, terms.emi_bp)
    reserve = min(money.percent(gross, terms.reserve_bp), gross - emi)
    return Split(gross - emi - reserve, emi, reserve)


def paid_in_month(terms: Terms, ready: int, paid_before: int) -> int:
    """Return how many of the pairs that are ready a month still pays."""
    return max(0, min(ready, terms.month_limit - paid_before))
