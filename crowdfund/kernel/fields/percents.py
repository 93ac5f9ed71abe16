"""Shares and rates in percent, as basis points; pure."""

import re

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.i18n import _

WHOLE_BP = 10_000
_PERCENT = re.compile(r"([0-9]{1,4})(?:[.,]([0-9]{1,2}))?", re.ASCII)


def basis_points(text: object, field: str, *, least_bp: int = 0) -> int:
    """Return a share of at most 100 %, typed like 50 or 33.34, in basis points. Raises Invalid.

    A comma is read as a point, a percent sign is left out; nothing is rounded.
    """
    value = _plain(text)
    if not value:
        raise Invalid(_("Enter the share in percent, like 50 or 33.34."), field=field)
    points = _points(value)
    if points is None:
        raise Invalid(_("Enter digits with at most two decimals, like 50 or 33.34."), field=field)
    if points > WHOLE_BP or points < least_bp:
        sentence = (
            _("A share is more than 0 and at most 100 percent.")
            if least_bp
            else _("Enter the share in percent, from 0 to 100, like 12.5.")
        )
        raise Invalid(sentence, field=field)
    return points


def rate(text: object, field: str, ask: str, *, least_bp: int, most_bp: int) -> int:
    """Return a percentage between two bounds in basis points; raises Invalid with `ask`."""
    points = _points(_plain(text))
    if points is None or not least_bp <= points <= most_bp:
        raise Invalid(ask, field=field)
    return points


def _plain(text: object) -> str:
    value = plain_characters("" if text is None else str(text)).strip()
    return value.removesuffix("%").strip()


def _points(value: str) -> int | None:
    found = _PERCENT.fullmatch(value)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None


def percent(points: int) -> str:
    """Return basis points as a percentage without needless decimals: 50, 33.34, 12.5."""
    whole, part = divmod(points, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)
