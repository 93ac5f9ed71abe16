"""What a plan would pay in a network that is made up; pure, and the same for the same answers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crowdfund.plans.rules import splitting
from crowdfund.plans.rules.terms import Surplus, Terms

MOST_MEMBERS = 10_000
MOST_MONTHS = 36
_ROOT = -1
# Upper ends of the groups of the chart, in minor units; the last group has none.
BANDS_MINOR = (0, 1_000_00, 5_000_00, 20_000_00, 100_000_00)


class Shape(StrEnum):
    """How the members of a network stand."""

    BALANCED = "balanced"
    GROWN = "grown"
    ONE_SIDED = "one_sided"


@dataclass(frozen=True, slots=True)
class Network:
    """Members in the order in which they joined: parent, leg (0 or 1), sponsor and month of each.

    Whoever has none of the others above is -1.
    """

    parents: Sequence[int]
    legs: Sequence[int]
    sponsors: Sequence[int]
    months: Sequence[int]


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


def build(shape: str, members: int, months: int) -> Network:
    """Return a network; `grown` ones follow a fixed seed, so two plans meet the same one.

    As many join in each month as in every other, with the rest in the first ones.
    """
    parents, legs, sponsors = _grown(members) if shape == Shape.GROWN else _regular(shape, members)
    return Network(
        parents, legs, sponsors, [number * months // members for number in range(members)]
    )


def _regular(shape: str, members: int) -> tuple[list[int], list[int], list[int]]:
    if shape == Shape.BALANCED:
        parents = [(number - 1) // 2 if number else _ROOT for number in range(members)]
        return parents, [(number + 1) % 2 for number in range(members)], parents
    parents = [number - 1 for number in range(members)]
    return parents, [0] * members, parents


def _grown(members: int) -> tuple[list[int], list[int], list[int]]:
    """Return members who are invited by chance and placed in the weaker leg of their sponsor."""
    chance = random.Random(f"network of {members}")  # noqa: S311 - a made-up network, not a secret
    parents, legs, sponsors = [_ROOT], [0], [_ROOT]
    children: list[list[int]] = [[_ROOT, _ROOT]]
    sizes: list[list[int]] = [[0, 0]]
    outer: list[list[int]] = [[0, 0]]  # the outermost member of each side, followed lazily
    for number in range(1, members):
        sponsor = chance.randrange(number)
        leg = 0 if sizes[sponsor][0] <= sizes[sponsor][1] else 1
        parent = _outermost(children, outer, sponsor, leg)
        parents.append(parent)
        legs.append(leg)
        sponsors.append(sponsor)
        children[parent][leg] = number
        children.append([_ROOT, _ROOT])
        sizes.append([0, 0])
        outer.append([number, number])
        above, side = parent, leg
        while above != _ROOT:
            sizes[above][side] += 1
            above, side = parents[above], legs[above]
    return parents, legs, sponsors


def _outermost(children: list[list[int]], outer: list[list[int]], member: int, leg: int) -> int:
    """Return the last member below on that side; what was found is remembered for the next."""
    passed = []
    at = outer[member][leg]
    while (below := children[at][leg]) != _ROOT:
        passed.append(at)
        at = outer[below][leg]
    for one in (member, *passed):
        outer[one][leg] = at
    return at


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
            if total and (parent := network.parents[number]) != _ROOT:
                self.legs[parent][network.legs[number]] += total
                new[parent] += total
        for sponsor in network.sponsors[first:until]:
            if sponsor != _ROOT:
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
