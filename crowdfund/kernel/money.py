"""Money as integer minor units: parse, format, percent, fee, split. No floats anywhere."""

import re
from collections.abc import Sequence

from crowdfund.kernel.errors import InvalidAmount
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.i18n import _, ngettext, number

DECIMALS = {"ETB": 2, "INR": 2, "USD": 2}
MAX_MINOR = 10**15
MAX_LENGTH = 40
# Thousands are grouped as languages write them: 1,250,000 or, in Hindi, 12,50,000; with blanks or
# apostrophes where an amount was copied from elsewhere.
_GROUPED = r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d{1,3}([ '’])\d{3}(?:\1\d{3})*"
_PATTERN = re.compile(rf"(?:{_GROUPED}|\d+)(?:\.(?P<fraction>\d+))?", re.ASCII)
_BETWEEN_GROUPS = re.compile(r"[, '’]")


def parse(text: str, currency: str = "ETB", *, most_minor: int = MAX_MINOR) -> int:
    """Return minor units of an amount typed by a person, like `1,250.50`.

    Digits of any script, optional commas as any of our languages groups them (or blanks), the
    currency's code before or behind, at most its decimals, greater than zero. Raises InvalidAmount
    with a sentence; for more than MAX_MINOR it names `most_minor`, the maximum where the amount was
    typed.
    """
    typed = text.strip()
    cleaned = plain_characters(typed).strip() if len(typed) <= MAX_LENGTH else typed
    if not cleaned:
        raise InvalidAmount(_("Enter an amount."), field="amount")
    cleaned = re.sub(rf"^{currency}\s*(?=\d)|(?<=\d)\s*{currency}$", "", cleaned, flags=re.I)
    match = _PATTERN.fullmatch(cleaned) if len(cleaned) <= MAX_LENGTH else None
    if not match:
        raise InvalidAmount(_("Enter the amount in digits, like 1,250.50."), field="amount")
    places = DECIMALS[currency]
    fraction = match.group("fraction") or ""
    if len(fraction) > places:
        raise InvalidAmount(
            ngettext(
                "%(currency)s has at most %(num)s decimal.",
                "%(currency)s has at most %(num)s decimals.",
                places,
                currency=currency,
            ),
            field="amount",
        )
    whole = _BETWEEN_GROUPS.sub("", cleaned.split(".", maxsplit=1)[0])
    minor: int = int(whole) * 10**places + int(fraction.ljust(places, "0") or "0")
    if minor <= 0:
        raise InvalidAmount(_("The amount must be more than zero."), field="amount")
    if minor > MAX_MINOR:
        raise InvalidAmount(
            _("This amount is too large. Enter at most %(most)s.", most=fmt(most_minor, currency)),
            field="amount",
        )
    return minor


def decimal_str(minor: int, currency: str = "ETB") -> str:
    """Return `1250.50` for 125050: plain decimal for gateways and JSON."""
    places = DECIMALS[currency]
    sign = "-" if minor < 0 else ""
    whole, fraction = divmod(abs(minor), 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}"


def fmt(minor: int, currency: str = "ETB") -> str:
    """Return `1,250.50 ETB` for people."""
    places = DECIMALS[currency]
    sign = "-" if minor < 0 else ""
    whole, fraction = divmod(abs(minor), 10**places)
    # Grouping is the language's (12,34,567 in Hindi); digits and point are the same in all of ours.
    return f"{sign}{number(whole)}.{fraction:0{places}d} {currency}"


def percent(minor: int, bps: int) -> int:
    """Return basis points of an amount, rounded half-up to the minor unit (rules.md, Money)."""
    return (minor * bps + 5_000) // 10_000


def fee(minor: int, bps: int = 250) -> int:
    """Return the platform fee, floored to the minor unit (rules.md, Fee)."""
    return minor * bps // 10_000


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the parts add up to it (largest remainder)."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must be positive")
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
