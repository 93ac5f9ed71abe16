"""What somebody asks the simulator: shape and size of a network, and who buys; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crowdfund.kernel.errors import InvalidFields
from crowdfund.kernel.fields import numbers, percents, texts
from crowdfund.kernel.fields.collecting import collect
from crowdfund.kernel.i18n import _, _l
from crowdfund.plans.rules import networks, simulating, terms
from crowdfund.plans.rules.networks import MOST_MEMBERS, MOST_MONTHS, Shape
from crowdfund.plans.rules.simulating import Outcome
from crowdfund.plans.rules.terms import Terms

SHAPES: Mapping[str, str] = {
    Shape.RANDOM: _l("Random: members invite at random, and each joins the weaker leg"),
    Shape.BALANCED: _l("Balanced: every member has two below, level by level"),
    Shape.ONE_SIDED: _l("One line: every member has one below"),
}
USUAL: Mapping[str, str] = {
    "shape": Shape.RANDOM,
    "members": "1000",
    "months": "12",
    "active": "30",
    "paid": "5000",
}
MOST_PAID_MINOR = 100_000_000_00


@dataclass(frozen=True, slots=True)
class Question:
    """An example network; `paid_minor` is what each member has paid for a vehicle."""

    shape: str
    members: int
    months: int
    active_bp: int
    paid_minor: int

    @property
    def sales_minor(self) -> int:
        """Return what all members together have paid, in minor units."""
        return self.members * self.paid_minor

    def answer(self, plan: Terms) -> Outcome:
        """Return what a plan would pay in it."""
        return _answer(self, plan)


@lru_cache(maxsize=128)
def _answer(asked: Question, plan: Terms) -> Outcome:
    """Return an answer; the usual questions are asked by every visitor."""
    network = networks.build(asked.shape, asked.members, asked.months)
    return simulating.simulate(plan, network, active_share_bp=asked.active_bp)


def clean(values: Mapping[str, object]) -> Question:
    """Return the question as typed. Raises InvalidFields with a sentence for each bad value."""
    checked: tuple[dict[str, Any], dict[str, str]] = collect(
        {
            "shape": lambda: texts.choice(
                values.get("shape"), "shape", _("Choose one from the list."), tuple(Shape)
            ),
            "members": lambda: _count(values, "members", MOST_MEMBERS),
            "months": lambda: _count(values, "months", MOST_MONTHS),
            "active": lambda: percents.basis_points(values.get("active"), "active"),
            "paid": lambda: terms.amount(values.get("paid"), most_minor=MOST_PAID_MINOR),
        }
    )
    good, errors = checked
    if errors:
        raise InvalidFields(errors)
    return Question(good["shape"], good["members"], good["months"], good["active"], good["paid"])


def _count(values: Mapping[str, object], name: str, most: int) -> int:
    ask = _("Enter a whole number from %(least)s to %(most)s.", least=1, most=most)
    return numbers.whole(values.get(name), name, ask, least=1, most=most)


USUAL_QUESTION = Question(Shape.RANDOM, 1_000, 12, 3_000, 5_000_00)
