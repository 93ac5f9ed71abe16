"""What a plan would pay in an example network; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from crowdfund.plans.rules import splitting
from crowdfund.plans.rules.networks import NOBODY, Network
from crowdfund.plans.rules.terms import Surplus, Terms

# Upper ends of the groups of the chart, in minor units; the last group has none.
BANDS_MINOR = (0, 1_000_00, 5_000_00, 20_000_00, 100_000_00)


@dataclass(frozen=True, slots=True)
class Month:
    """What a month costs: new members, pairs and money in minor units."""

    number: int
    joined: int
    pairs: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class Band:
    """How many members earned up to an amount (minor units); None is without an end."""

    up_to_minor: int | None
    members: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan paid to whom; amounts in minor units, shares in basis points."""

    members: int
    earn_nothing: int
    median_minor: int
    mean_minor: int
    top_minor: int
    top_tenth_bp: int  # of all that was paid, what the best tenth earned
    referral_minor: int
    pairs_minor: int
    to_wallets_minor: int
    to_emi_minor: int
    to_reserve_minor: int
    lost_pairs: int
    waiting_pairs: int
    months: list[Month]
    bands: list[Band]

    @property
    def paid_minor(self) -> int:
        """Return all that the plan pays: bonuses and pairs before any deduction."""
        return self.referral_minor + self.pairs_minor


def simulate(terms: Terms, network: Network, *, active_share_bp: int) -> Outcome:
    """Return what a plan pays in a network whose members all settled a pre-booking as they joined.

    Of every 10,000 members `active_share_bp`, spread evenly, are Active Buyers from the start.
    """
    members = len(network.parents)
    months = network.months[-1] + 1 if members else 0
    is_active = [_is_spread(number, active_share_bp) for number in range(members)]
    books = _Books(terms, members)
    joined = [0] * months
    for month in network.months:
        joined[month] += 1
    history, first = [], 0
    for month in range(months):
        until, before = first + joined[month], books.paid_minor
        books.count(network, first, until)
        pairs = books.match(is_active)
        history.append(Month(month + 1, joined[month], pairs, books.paid_minor - before))
        first = until
    return books.outcome(history)


def _is_spread(number: int, share_bp: int) -> bool:
    return (number + 1) * share_bp // 10_000 > number * share_bp // 10_000


class _Books:
    """What each member has below and has earned while months go by."""

    def __init__(self, terms: Terms, members: int) -> None:
        self.terms = terms
        self.legs = [[0, 0] for _number in range(members)]
        self.used = [0] * members
        self.pairs = [0] * members
        self.earned = [0] * members
        self.referral_minor = self.pairs_minor = 0
        self.parts = [0, 0, 0]
        self.lost = 0

    @property
    def paid_minor(self) -> int:
        return self.referral_minor + self.pairs_minor

    def count(self, network: Network, first: int, until: int) -> None:
        """Add the members of a month to the legs of all above, and pay their sponsors."""
        new = [0] * until
        for number in range(until - 1, -1, -1):
            total = new[number] + (number >= first)
            if total and (parent := network.parents[number]) != NOBODY:
                self.legs[parent][network.legs[number]] += total
                new[parent] += total
        for sponsor in network.sponsors[first:until]:
            if sponsor != NOBODY:
                self.earned[sponsor] += self.terms.referral_minor
                self.referral_minor += self.terms.referral_minor

    def match(self, is_active: Sequence[bool]) -> int:
        """Pay the pairs of a month up to the limit; return how many."""
        paid = 0
        for number, (left, right) in enumerate(self.legs):
            ready = min(left, right) - self.used[number]
            if ready <= 0:
                continue
            here = splitting.paid_in_month(self.terms, ready, 0)
            for _pair in range(here):
                self._pay(number, is_active=is_active[number])
            is_lost = self.terms.surplus == Surplus.FLUSH
            self.used[number] += ready if is_lost else here
            self.lost += ready - here if is_lost else 0
            paid += here
        return paid

    def _pay(self, number: int, *, is_active: bool) -> None:
        self.pairs[number] += 1
        split = splitting.split_pair(self.terms, self.pairs[number], is_active_buyer=is_active)
        self.earned[number] += split.gross_minor
        self.pairs_minor += split.gross_minor
        for place, part in enumerate((split.wallet_minor, split.emi_minor, split.reserve_minor)):
            self.parts[place] += part

    def outcome(self, months: list[Month]) -> Outcome:
        members, earned = len(self.earned), sorted(self.earned)
        best = sum(earned[members - max(members // 10, 1) :])
        to_wallets, to_emi, to_reserve = self.parts
        waiting = sum(
            min(left, right) - used
            for (left, right), used in zip(self.legs, self.used, strict=True)
        )
        return Outcome(
            members=members,
            earn_nothing=sum(amount == 0 for amount in earned),
            median_minor=earned[(members - 1) // 2] if members else 0,
            mean_minor=sum(earned) // members if members else 0,
            top_minor=earned[-1] if members else 0,
            top_tenth_bp=best * 10_000 // sum(earned) if any(earned) else 0,
            referral_minor=self.referral_minor,
            pairs_minor=self.pairs_minor,
            to_wallets_minor=to_wallets + self.referral_minor,
            to_emi_minor=to_emi,
            to_reserve_minor=to_reserve,
            lost_pairs=self.lost,
            waiting_pairs=waiting,
            months=months,
            bands=_bands(earned),
        )


def _bands(earned: Sequence[int]) -> list[Band]:
    found, below = [], -1
    for end in (*BANDS_MINOR, None):
        count = sum(amount > below and (end is None or amount <= end) for amount in earned)
        found.append(Band(end, count))
        below = below if end is None else end
    return found
