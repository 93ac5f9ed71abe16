"""Names, sentences and choices that people type, in their normal form or refused; pure.

`ask` is the whole sentence for an empty field, like "Enter your full name."
"""

import re
import unicodedata
from collections.abc import Container

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import has_hidden
from crowdfund.kernel.i18n import _, ngettext, number

LEAST_REASON, MOST_REASON = 10, 500
LONG_REASON = 900  # leaves room for a few words before it in a history, which has 1,000 characters
_MARKUP = frozenset("<>")
_LINE_END = re.compile(r"\r\n|[\n\r\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n\x1c-\x1f\x85]+")


def line(text: object, field: str, ask: str, *, most: int = 120, least: int = 2) -> str:
    """Return one line of plain text in composed letters, single-spaced. Raises Invalid.

    Lengths are in characters.
    """
    value = _SPACES.sub(" ", composed(text)).strip()
    if "\n" in value:
        raise _hidden(field)
    return _checked(value, field, ask, most=most, least=least)


def optional_line(text: object, field: str, *, most: int = 120) -> str:
    """Return one line of plain text, empty where nothing was typed. Raises Invalid."""
    return line(text, field, "", most=most, least=1) if str(text or "").strip() else ""


def lines(text: object, field: str, ask: str, *, most: int = 500, least: int = 2) -> str:
    """Return several lines of plain text without spaces at their ends. Raises Invalid."""
    whole = composed(text).replace("\t", " ").strip()
    value = "\n".join(part.strip() for part in _LINE_END.split(whole))
    return _checked(value, field, ask, most=most, least=least)


def reason(
    text: object,
    field: str = "reason",
    *,
    ask: str = "",
    least: int = LEAST_REASON,
    most: int = MOST_REASON,
) -> str:
    """Return why something was decided, for who is concerned and the history. Raises Invalid.

    It is never cut: one that is too long is refused. `ask` is for a reason that is too short.
    """
    ask = ask or _("Give a reason of at least 10 characters, so that the person can correct it.")
    value = lines(text, field, ask, most=most, least=1)
    if len(value) < least:
        raise Invalid(ask, field=field)
    return value


def choice(text: object, field: str, ask: str, choices: Container[str]) -> str:
    """Return one of the choices. Raises Invalid."""
    value = str(text or "")
    if value not in choices:
        raise Invalid(ask, field=field)
    return value


def composed(text: object) -> str:
    """Return a text in composed letters (NFC): what looks the same is the same."""
    return unicodedata.normalize("NFC", str(text or ""))


def _checked(value: str, field: str, ask: str, *, most: int, least: int) -> str:
    if not value:
        raise Invalid(ask, field=field)
    if has_hidden(value) or not _MARKUP.isdisjoint(value):
        raise _hidden(field)
    if len(value) > most:
        sentence = ngettext(
            "Use at most %(num)s character; this is %(now)s.",
            "Use at most %(num)s characters; this is %(now)s.",
            most,
            now=number(len(value)),
        )
        raise Invalid(sentence, field=field)
    if len(value) < least:
        sentence = ngettext(
            "Use at least %(num)s character.", "Use at least %(num)s characters.", least
        )
        raise Invalid(sentence, field=field)
    return value


def _hidden(field: str) -> Invalid:
    return Invalid(_("Use plain text only, without < or > or hidden characters."), field=field)
