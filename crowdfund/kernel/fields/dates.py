"""Dates that people type; pure."""

import re
from datetime import date

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.i18n import _, ngettext

ADULT_YEARS = 18
OLDEST_YEARS = 120
LONGEST_VALID_YEARS = 50
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day(text: object, field: str, ask: str) -> date:
    """Return a date typed as year-month-day, which is what date fields send. Raises Invalid.

    `ask` is the sentence for an empty field. Digits of any script are read.
    """
    value = plain_characters(str(text or "")).strip()
    if not value:
        raise Invalid(ask, field=field)
    try:
        if not _ISO.fullmatch(value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError as error:
        sentence = _("Enter a date that exists, as year, month and day: 1990-12-31.")
        raise Invalid(sentence, field=field) from error


def age(born_on: date, today: date) -> int:
    """Return the age in whole years; who is born on 29 February is older on 1 March."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def birthday(
    text: object, field: str, *, today: date, least_years: int = ADULT_YEARS, too_young: str = ""
) -> date:
    """Return the date of birth of someone of at least an age. Raises Invalid.

    `too_young` is the sentence for someone younger, if it is not about the person who types.
    """
    born_on = day(text, field, _("Enter the date of birth."))
    if born_on > today:
        raise Invalid(_("This date is in the future. Enter the date of birth."), field=field)
    years = age(born_on, today)
    if years > OLDEST_YEARS:
        sentence = ngettext(
            "This is more than %(num)s year ago. Check the year.",
            "This is more than %(num)s years ago. Check the year.",
            OLDEST_YEARS,
        )
        raise Invalid(sentence, field=field)
    if years < least_years:
        own = ngettext(
            "You must be at least %(num)s year old to be verified.",
            "You must be at least %(num)s years old to be verified.",
            least_years,
        )
        raise Invalid(too_young or own, field=field)
    return born_on


def expiry_day(text: object, field: str, *, today: date) -> date:
    """Return until when a document is valid: today or later, within 50 years. Raises Invalid."""
    until = day(text, field, _("Enter the date until which the document is valid."))
    if until < today:
        sentence = _(
            "This date has passed: the document is no longer valid. Reject it, or correct the date."
        )
        raise Invalid(sentence, field=field)
    if until.year > today.year + LONGEST_VALID_YEARS:
        raise Invalid(_("This is more than 50 years away. Check the year."), field=field)
    return until
