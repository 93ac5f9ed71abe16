"""What a proposed exchange rate has to be; pure."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import dates, texts
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.fields.collecting import collect
from crowdfund.kernel.i18n import _
from crowdfund.kernel.money import DECIMALS

MOST_SOURCE = 200
MOST_DAYS_AHEAD = 366
# A change of more than a tenth is more often a slip of a digit than news.
PLAUSIBLE = Fraction(1, 10)
_RATE = re.compile(r"(?P<whole>[0-9]{1,9})(?:\.(?P<part>[0-9]{1,6}))?", re.ASCII)


class Status(StrEnum):
    """The state of a proposal; only a pending one moves."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"


def parse_rate(text: object) -> Fraction:
    """Return a rate that was typed as a decimal number, exactly; raises Invalid.

    A comma is refused: it may separate thousands or decimals.
    """
    found = _RATE.fullmatch(plain_characters(str(text or "")).strip())
    rate = Fraction(found[0]) if found else Fraction(0)
    if rate <= 0:
        ask = _("Enter a number above 0 with at most 6 decimals and a point, for example 155.25.")
        raise Invalid(ask, field="rate")
    return rate


def decimal(rate: Fraction) -> str:
    """Return a rate as text with at most 6 decimals, cut off, without needless zeros."""
    whole, part = divmod(int(rate * 1_000_000), 1_000_000)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".") if part else str(whole)


def clean(
    values: Mapping[str, object], today: date, tokens: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return token, currency, rate, from_on, source and reason; a sentence for each bad one."""
    choose = _("Choose one from the list.")
    why = _("Give a reason of at least 10 characters. It stays in the history.")
    where = _("Enter where this rate comes from, as a name or an address.")
    return collect(
        {
            "token": lambda: texts.choice(values.get("token"), "token", choose, tokens),
            "currency": lambda: texts.choice(values.get("currency"), "currency", choose, DECIMALS),
            "rate": lambda: parse_rate(values.get("rate")),
            "from_on": lambda: from_day(values.get("from_on"), today),
            "source": lambda: texts.line(values.get("source"), "source", where, most=MOST_SOURCE),
            "reason": lambda: texts.reason(values.get("reason"), ask=why),
        }
    )


def from_day(text: object, today: date) -> date:
    """Return the first day of a rate: today or later, within a year. Raises Invalid."""
    day = dates.day(text, "from_on", _("Enter the first day on which the rate applies."))
    if day < today:
        raise Invalid(_("This date has passed. Enter today or a later date."), field="from_on")
    if (day - today).days > MOST_DAYS_AHEAD:
        raise Invalid(_("This is more than a year away. Check the year."), field="from_on")
    return day


def begins_at(day: date, time_zone: str) -> datetime:
    """Return the moment at which a day begins in the platform's time zone, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)


def change(new: Fraction, old: Fraction) -> Fraction:
    """Return by how much a rate differs from the one in force: 1/10 is 10 % more."""
    return new / old - 1


def change_words(new: Fraction, old: Fraction) -> str:
    """Return the change as percent with one decimal and its sign, for example +12.5 %."""
    tenths = round(change(new, old) * 1000)
    sign = "+" if tenths >= 0 else "−"
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10} %"


def check_change(new: Fraction, old: Fraction | None, *, has_checked: bool) -> None:
    """Raise Invalid for the rate that applies anyway, and for a large change without a look.

    `old` is the rate that applies on that day, or None.
    """
    if old is None:
        return
    if new == old:
        raise Invalid(_("This is the rate that applies on that day anyway."), field="rate")
    if abs(change(new, old)) > PLAUSIBLE and not has_checked:
        raise Invalid(
            _(
                "The rate on that day is %(old)s, and this is a change of %(change)s. "
                "Check the rate, then confirm that you have checked it.",
                old=decimal(old),
                change=change_words(new, old),
            ),
            field="has_checked",
        )
