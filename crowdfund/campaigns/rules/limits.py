"""The dated limits of all campaigns: a proposal, how it differs, which version is in force; pure.

The fee is none of them: the contracts take 250 basis points, whatever a table says.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from crowdfund.campaigns.rules.terms import MAX_GRACE_DAYS, Limits
from crowdfund.kernel import money
from crowdfund.kernel.errors import Conflict, Invalid
from crowdfund.kernel.fields import dates, numbers, texts
from crowdfund.kernel.fields.collecting import Values, collect
from crowdfund.kernel.i18n import _, _l, ngettext

STATES = ("pending", "approved", "refused", "cancelled")
MOST_DAYS = 365
MOST_YEARS = 5

# What a version holds, in the order of the page; the fee is left out.
FIELDS = {
    "goal_min_minor": _l("Smallest goal"),
    "goal_max_minor": _l("Largest goal"),
    "days_min": _l("Shortest duration"),
    "days_max": _l("Longest duration"),
    "investment_min_minor": _l("Lowest minimum investment"),
    "threshold_bps": _l("Needed to go ahead"),
    "grace_days": _l("Grace period for payments"),
}


class Dated(Protocol):
    """An approved version with the moment from which it counts."""

    @property
    def valid_from(self) -> datetime:
        """Return the moment from which it counts."""

    @property
    def decided_at(self) -> datetime | None:
        """Return when it was approved."""

    @property
    def id(self) -> str:
        """Return its id."""


V = TypeVar("V", bound=Dated)


def in_force(approved: Iterable[V], at: datetime) -> V | None:
    """Return the approved version in force at a moment: the one with the newest date that has come.

    Of two with the same moment, the one that was approved later. None before the first.
    """
    known = [one for one in approved if one.valid_from <= at and one.decided_at is not None]
    return max(known, key=lambda one: (one.valid_from, one.decided_at, one.id), default=None)


def begins_at(day: date, time_zone: str) -> datetime:
    """Return the moment at which a day begins in the platform's time zone, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)


def valid_from(day: date, now: datetime, time_zone: str) -> datetime:
    """Return from when a version that is approved now counts: its day, and never in the past."""
    return max(begins_at(day, time_zone), now)


def clean(values: Values, today: date) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the numbers, `from_on` and `reason` of a proposal; a sentence for each bad one."""
    minor = {name: partial(_amount, name, values) for name in FIELDS if name.endswith("_minor")}
    days = {name: partial(_days, name, values) for name in ("days_min", "days_max")}
    checks: dict[str, Callable[[], Any]] = {
        **minor,
        **days,
        "threshold_bps": lambda: _threshold(values),
        "grace_days": lambda: _grace(values),
        "from_on": lambda: from_day(values.get("from_on"), today),
        "reason": lambda: _reason(values),
    }
    good, errors = collect(checks)
    for field, sentence in check_order(good).items():
        errors.setdefault(field, sentence)
    return good, errors


def check_order(good: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each number that does not fit another; missing ones are skipped."""
    errors = {}
    if _is_above(good, "goal_min_minor", "goal_max_minor"):
        errors["goal_max_minor"] = _("The largest goal must not be less than the smallest.")
    if _is_above(good, "days_min", "days_max"):
        errors["days_max"] = _("The longest duration must not be less than the shortest.")
    if _is_above(good, "investment_min_minor", "goal_min_minor"):
        errors["investment_min_minor"] = _(
            "The lowest minimum investment must not be more than the smallest goal."
        )
    return errors


def _is_above(good: Mapping[str, Any], one: str, other: str) -> bool:
    return one in good and other in good and good[one] > good[other]


def _amount(field: str, values: Values) -> int:
    text = str(values.get(field) or "").strip()
    if not text:
        raise Invalid(_("Enter an amount in ETB."), field=field)
    return money.parse(text, "ETB")


def _days(field: str, values: Values) -> int:
    ask = _("Enter a number of days from 1 to %(most)s.", most=MOST_DAYS)
    return numbers.whole(values.get(field), field, ask, least=1, most=MOST_DAYS)


def _threshold(values: Values) -> int:
    ask = _("Enter whole percent of the goal, from 1 to 100.")
    return 100 * numbers.whole(values.get("threshold_bps"), "threshold_bps", ask, least=1, most=100)


def _grace(values: Values) -> int:
    ask = _("Enter a number of days from 0 to %(most)s.", most=MAX_GRACE_DAYS)
    return numbers.whole(values.get("grace_days"), "grace_days", ask, least=0, most=MAX_GRACE_DAYS)


def _reason(values: Values) -> str:
    ask = _("Give a reason of at least 10 characters. It stays in the history.")
    return texts.reason(values.get("reason"), ask=ask)


def from_day(text: object, today: date) -> date:
    """Return the first day of a version: today or later, within five years. Raises Invalid."""
    day = dates.day(text, "from_on", _("Enter the first day on which the limits apply."))
    if day < today:
        raise Invalid(_("This date has passed. Enter today or a later date."), field="from_on")
    if day.year > today.year + MOST_YEARS:
        raise Invalid(
            ngettext(
                "This is more than %(num)s year away. Check the year.",
                "This is more than %(num)s years away. Check the year.",
                MOST_YEARS,
            ),
            field="from_on",
        )
    return day


def check_differs(proposed: Mapping[str, Any], current: Limits) -> None:
    """Raise Invalid for a proposal with the numbers that apply on its day anyway."""
    if all(proposed[name] == getattr(current, name) for name in FIELDS):
        raise Invalid(
            _("These are the limits that apply on that day anyway. Change at least one."),
            field="goal_min_minor",
        )


def check_not_past(day: date, today: date) -> None:
    """Raise Conflict for a proposal whose first day has passed while it waited."""
    if day < today:
        raise Conflict(
            _(
                "The date from which these limits were to apply has passed. Refuse or withdraw "
                "the proposal and make a new one."
            )
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a version beside another version's, in words."""

    field: str
    label: str
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        """Return whether the two differ."""
        return self.before != self.after


def diff(current: object, proposed: object) -> list[Line]:
    """Return every number of two versions side by side, in words."""
    return [
        Line(name, str(label), shown(current, name), shown(proposed, name))
        for name, label in FIELDS.items()
    ]


def shown(version: object, field: str) -> str:
    """Return one number of a version in words: an amount, days, or percent of the goal."""
    value = int(getattr(version, field))
    if field.endswith("_minor"):
        return money.fmt(value)
    if field == "threshold_bps":
        return _("%(percent)s %% of the goal", percent=value // 100)
    return ngettext("%(num)s day", "%(num)s days", value)
