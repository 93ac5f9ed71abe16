"""Release in steps: the share and the condition of each tranche of a campaign's money; pure.

No tranches means one release. A holdback is the last tranche. The contract knows the shares and
pays the tranches in order; a person confirms each condition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import texts
from crowdfund.kernel.fields.percents import WHOLE_BP, basis_points, percent
from crowdfund.kernel.i18n import _

MOST = 4  # that a company can enter; contracts take 16


@dataclass(frozen=True, slots=True)
class Tranche:
    """A part of the money in basis points, and what must be true before it is released."""

    share_bps: int
    condition: str


def read(stored: Sequence[Mapping[str, object]] | None) -> tuple[Tranche, ...]:
    """Return the tranches that are stored with a campaign; none for one release."""
    return tuple(Tranche(int(str(one["share_bps"])), str(one["condition"])) for one in stored or ())


def shares(stored: Sequence[Mapping[str, object]] | None) -> tuple[int, ...]:
    """Return what is out after each tranche, in basis points of all money; none for one release."""
    sums, out = [], 0
    for one in read(stored):
        out += one.share_bps
        sums.append(out)
    return tuple(sums)


def count(stored: Sequence[Mapping[str, object]] | None) -> int:
    """Return in how many steps the money is released."""
    return max(1, len(stored or ()))


def share_after(stored: Sequence[Mapping[str, object]] | None, paid: int) -> int:
    """Return the share of the money that is out after this many steps, in basis points."""
    if paid <= 0:
        return 0
    sums = shares(stored) or (WHOLE_BP,)
    return sums[min(paid, len(sums)) - 1]


def clean(values: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the tranches as typed in the fields `part1`, `condition1` and so on.

    Nothing typed means one release. Raises Invalid, with the field.
    """
    found: list[dict[str, object]] = []
    for number in range(1, MOST + 1):
        share, condition = values.get(f"part{number}"), values.get(f"condition{number}")
        if not texts.composed(share).strip() and not texts.composed(condition).strip():
            continue
        found.append(
            {
                "share_bps": basis_points(share, f"part{number}", least_bp=1),
                "condition": texts.line(
                    condition,
                    f"condition{number}",
                    _("Say what must have happened before this part is released."),
                    least=5,
                    most=200,
                ),
            }
        )
    _check(found)
    return found


def _check(found: Sequence[Mapping[str, object]]) -> None:
    if not found:
        return
    if len(found) == 1:
        raise Invalid(
            _("Enter at least two parts, or leave all fields empty for one release."),
            field="part1",
        )
    whole = sum(one.share_bps for one in read(found))
    if whole != WHOLE_BP:
        raise Invalid(
            _("The parts must add up to 100 %%. Yours add up to %(sum)s %%.", sum=percent(whole)),
            field="part1",
        )
