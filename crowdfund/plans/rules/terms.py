"""The terms of a plan: which values are possible, and from which day they hold; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from crowdfund.kernel import money
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import dates, numbers, percents, texts
from crowdfund.kernel.fields.collecting import collect
from crowdfund.kernel.i18n import _

CURRENCY = "INR"
TIME_ZONE = ZoneInfo("Asia/Kolkata")
MOST_MINOR = 1_000_000_00  # of a pair, a bonus or the least payout
MOST_PAIRS = 1_000
MOST_DAYS_AHEAD = 366


class Status(StrEnum):
    """The state of a version; only a pending one moves."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Surplus(StrEnum):
    """What becomes of pairs above the limit of a month."""

    CARRY = "carry"
    FLUSH = "flush"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan pays; amounts in minor units of INR, shares in basis points of the gross.

    One new member in each leg makes a pair. `free_pairs` are paid in full; of each later one
    `emi_bp` go to the instalments of a member who is no Active Buyer, and `reserve_bp` to the
    reserve.
    """

    pair_minor: int
    referral_minor: int
    month_limit: int
    free_pairs: int
    emi_bp: int
    reserve_bp: int
    surplus: str
    min_payout_minor: int


DEFAULT_TERMS = Terms(
    pair_minor=2_000_00,
    referral_minor=1_000_00,
    month_limit=10,
    free_pairs=5,
    emi_bp=2_000,
    reserve_bp=0,
    surplus=Surplus.CARRY,
    min_payout_minor=500_00,
)
NAMES = tuple(one.name for one in fields(Terms))


def business_date(moment: datetime) -> date:
    """Return the day of a moment in the plan's time zone; the one function for all dates of it."""
    return moment.astimezone(TIME_ZONE).date()


def clean(values: Mapping[str, object], today: date) -> tuple[dict[str, Any], dict[str, str]]:
    """Return terms, from_on and reason as typed; a sentence for each bad one.

    `today` is the business date.
    """
    checked: tuple[dict[str, Any], dict[str, str]] = collect(
        {
            "pair_minor": lambda: amount(values.get("pair_minor"), most_minor=MOST_MINOR),
            "referral_minor": lambda: amount(values.get("referral_minor"), most_minor=MOST_MINOR),
            "month_limit": lambda: _count(values, "month_limit", least=1),
            "free_pairs": lambda: _count(values, "free_pairs", least=0),
            "emi_bp": lambda: percents.basis_points(values.get("emi_bp"), "emi_bp"),
            "reserve_bp": lambda: percents.basis_points(values.get("reserve_bp"), "reserve_bp"),
            "surplus": lambda: texts.choice(
                values.get("surplus"), "surplus", _("Choose one from the list."), tuple(Surplus)
            ),
            "min_payout_minor": lambda: amount(
                values.get("min_payout_minor"), most_minor=MOST_MINOR
            ),
            "from_on": lambda: from_day(values.get("from_on"), today),
            "reason": lambda: texts.reason(
                values.get("reason"),
                ask=_("Give a reason of at least 10 characters. It stays in the history."),
            ),
        }
    )
    good, errors = checked
    if not {"emi_bp", "reserve_bp"} & errors.keys() and (
        good["emi_bp"] + good["reserve_bp"] > percents.WHOLE_BP
    ):
        errors["reserve_bp"] = _("Both shares together are more than 100 percent of a pair.")
    return good, errors


def amount(text: object, *, most_minor: int) -> int:
    """Return a typed amount in minor units, at most `most_minor`. Raises Invalid."""
    minor = money.parse(str(text or ""), CURRENCY, most_minor=most_minor)
    if minor > most_minor:
        most = money.fmt(most_minor, CURRENCY)
        raise Invalid(_("This amount is too large. Enter at most %(most)s.", most=most))
    return minor


def _count(values: Mapping[str, object], name: str, *, least: int) -> int:
    ask = _("Enter a whole number from %(least)s to %(most)s.", least=least, most=MOST_PAIRS)
    return numbers.whole(values.get(name), name, ask, least=least, most=MOST_PAIRS)


def from_day(text: object, today: date) -> date:
    """Return the first day of a version: tomorrow or later, within a year. Raises Invalid."""
    day = dates.day(text, "from_on", _("Enter the first day on which the plan applies."))
    check_day(day, today)
    if (day - today).days > MOST_DAYS_AHEAD:
        raise Invalid(_("This is more than a year away. Check the year."), field="from_on")
    return day


def check_day(day: date, today: date) -> None:
    """Raise Invalid for a day that has begun: what it earned was earned under other terms."""
    if day <= today:
        raise Invalid(
            _(
                "A plan never changes for a day that has begun. Enter %(day)s or a later day.",
                day=(today + timedelta(days=1)).isoformat(),
            ),
            field="from_on",
        )


def changes(new: Terms, old: Terms) -> list[str]:
    """Return the names of the terms that differ."""
    return [name for name in NAMES if getattr(new, name) != getattr(old, name)]
