"""Example networks: who invited whom, and who joins below whom in which month; pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_MEMBERS = 5_000
MOST_MONTHS = 36
NOBODY = -1  # above the first member


class Shape(StrEnum):
    """How the members of a network stand."""

    BALANCED = "balanced"
    RANDOM = "random"
    ONE_SIDED = "one_sided"


@dataclass(frozen=True, slots=True)
class Network:
    """Members in the order in which they joined: parent, leg (0 or 1), sponsor and month of each.

    Parent and sponsor of the first one are NOBODY.
    """

    parents: Sequence[int]
    legs: Sequence[int]
    sponsors: Sequence[int]
    months: Sequence[int]


def build(shape: str, members: int, months: int) -> Network:
    """Return a network; `random` ones follow a fixed seed, so two plans meet the same one.

    They join evenly over the months.
    """
    made = _random(members) if shape == Shape.RANDOM else _regular(shape, members)
    return Network(*made, [number * months // members for number in range(members)])


def _regular(shape: str, members: int) -> tuple[list[int], list[int], list[int]]:
    if shape == Shape.BALANCED:
        parents = [(number - 1) // 2 if number else NOBODY for number in range(members)]
        return parents, [(number + 1) % 2 for number in range(members)], parents
    parents = [number - 1 for number in range(members)]
    return parents, [0] * members, parents


def _random(members: int) -> tuple[list[int], list[int], list[int]]:
    """Return members who are invited by chance and placed in the weaker leg of their sponsor."""
    chance = random.Random(f"network of {members}")  # noqa: S311 - an example, not a secret
    parents, legs, sponsors = [NOBODY], [0], [NOBODY]
    children: list[list[int]] = [[NOBODY, NOBODY]]
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
        children.append([NOBODY, NOBODY])
        sizes.append([0, 0])
        outer.append([number, number])
        _count_above(number, parents, legs, sizes)
    return parents, legs, sponsors


def _count_above(
    number: int, parents: Sequence[int], legs: Sequence[int], sizes: Sequence[list[int]]
) -> None:
    """Add a new member to the leg of everybody above."""
    while (above := parents[number]) != NOBODY:
        sizes[above][legs[number]] += 1
        number = above


def _outermost(children: list[list[int]], outer: list[list[int]], member: int, leg: int) -> int:
    """Return the last member below on that side; what was found is remembered for the next."""
    passed = []
    at = outer[member][leg]
    while (below := children[at][leg]) != NOBODY:
        passed.append(at)
        at = outer[below][leg]
    for one in (member, *passed):
        outer[one][leg] = at
    return at
