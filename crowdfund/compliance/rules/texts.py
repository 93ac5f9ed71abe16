"""Clean what people enter about themselves; each refusal says what to enter instead."""

import re
from collections.abc import Container
from datetime import date

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _

ADULT_AGE = 18
OLDEST_AGE = 120
_HIDDEN = re.compile(r"[\x00-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069<>]")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}", re.ASCII)


def line(text: object, field: str, ask: str, *, most: int = 120, least: int = 2) -> str:
    """Return one line of plain text; `ask` is the sentence for an empty one. Raises Invalid."""
    value = re.sub(" +", " ", str(text or "")).strip()
    if not value:
        raise Invalid(ask, field=field)
    if _HIDDEN.search(value):
        raise Invalid(_("Use plain text only, without < or > or hidden characters."), field=field)
    if len(value) > most:
        raise _too_long(field, most, len(value))
    if len(value) < least:
        raise Invalid(_("Use at least %(least)s characters.", least=least), field=field)
    return value


def _too_long(field: str, most: int, now: int) -> Invalid:
    text = _("Use at most %(most)s characters; this is %(now)s.", most=most, now=now)
    return Invalid(text, field=field)


def optional_line(text: object, field: str, *, most: int = 120) -> str:
    """Return one line of plain text, or nothing. Raises Invalid."""
    return line(text, field, "", most=most, least=1) if str(text or "").strip() else ""


def pick(text: object, field: str, ask: str, choices: Container[str]) -> str:
    """Return one of the choices; `ask` is the sentence for anything else. Raises Invalid."""
    value = str(text or "")
    if value not in choices:
        raise Invalid(ask, field=field)
    return value


def day(text: object, field: str, ask: str) -> date:
    """Return a date typed as YYYY-MM-DD, which is what date fields send. Raises Invalid."""
    value = str(text or "").strip()
    if not value:
        raise Invalid(ask, field=field)
    try:
        if not _ISO_DAY.fullmatch(value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError as error:
        sentence = _("Enter a date that exists, as year, month and day: 1990-12-31.")
        raise Invalid(sentence, field=field) from error


def age(born_on: date, today: date) -> int:
    """Return the age in whole years; a birthday on 29 February counts on 1 March in other years."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def birthday(text: object, field: str, *, today: date, least_age: int = ADULT_AGE) -> date:
    """Return a date of birth of someone of at least an age (years). Raises Invalid."""
    born_on = day(text, field, _("Enter the date of birth."))
    if born_on > today:
        raise Invalid(_("This date is in the future. Enter the date of birth."), field=field)
    years = age(born_on, today)
    if years > OLDEST_AGE:
        sentence = _("This is more than %(years)s years ago. Check the year.", years=OLDEST_AGE)
        raise Invalid(sentence, field=field)
    if years < least_age:
        sentence = _("You must be at least %(years)s years old to be verified.", years=least_age)
        raise Invalid(sentence, field=field)
    return born_on


def expiry_day(text: object, field: str, *, today: date) -> date:
    """Return until when a document is valid: today or later, within 50 years. Raises Invalid."""
    until = day(text, field, _("Enter the date until which the document is valid."))
    if until < today:
        sentence = _(
            "This date has passed: the document is no longer valid. Reject it, or correct the date."
        )
        raise Invalid(sentence, field=field)
    if until.year > today.year + 50:
        raise Invalid(_("This is more than 50 years away. Check the year."), field=field)
    return until


def email(text: object, field: str) -> str:
    """Return an e-mail address, domain in lower case. Raises Invalid."""
    value = str(text or "").strip()
    if not _EMAIL.fullmatch(value) or ".." in value:
        raise Invalid(_("Enter an e-mail address, like name@example.com."), field=field)
    name, _at, domain = value.rpartition("@")
    return f"{name}@{domain.lower()}"


def reason(text: object, field: str = "reason") -> str:
    """Return the reason of a rejection, which its owner will read. Raises Invalid."""
    value = "\n".join(part.strip() for part in str(text or "").strip().splitlines())
    if len(value) < 10:
        sentence = _("Give a reason of at least 10 characters, so that the person can correct it.")
        raise Invalid(sentence, field=field)
    if len(value) > 500:
        raise _too_long(field, 500, len(value))
    if _HIDDEN.search(value.replace("\n", "")):
        raise Invalid(_("Use plain text only, without < or > or hidden characters."), field=field)
    return value
