"""Whole numbers of days, months and the like; pure."""

import re

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import plain_characters

_DIGITS = re.compile(r"[0-9]{1,4}", re.ASCII)


def whole(text: object, field: str, ask: str, *, least: int, most: int) -> int:
    """Return a whole number between two bounds, digits of any script; raises Invalid with `ask`."""
    value = plain_characters("" if text is None else str(text)).strip()
    if not _DIGITS.fullmatch(value) or not least <= int(value) <= most:
        raise Invalid(ask, field=field)
    return int(value)
