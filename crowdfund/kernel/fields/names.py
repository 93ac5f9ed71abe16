"""Whether two names belong to one person or company, as banks and registers write them; pure."""

import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _

MOST_PART = 80  # characters of a first or last name
_MOST_EXTRA = 3  # middle names that only the bank knows
_AND = frozenset({"&", "+", "እና", "एवं", "और", "तथा"})
# Legal forms in short, as banks print them, and the words that registers write.
_FORMS = {
    "plc": "privatelimitedcompany",
    "pvt": "private",
    "ltd": "limited",
    "co": "company",
    "corp": "corporation",
    "inc": "incorporated",
    "sc": "sharecompany",
}


class Match(StrEnum):
    """What comparing two names shows; `uncertain` ones are written in different scripts."""

    SAME = "same"
    OTHER = "other"
    UNCERTAIN = "uncertain"


def given_names(first_name: object, last_name: object) -> tuple[str, str]:
    """Return a person's first and last name; who has one name only leaves the last empty.

    Raises Invalid at `first_name` or `last_name`.
    """
    ask = _("Enter your first name, as in your passport.")
    first = texts.line(first_name, "first_name", ask, most=MOST_PART, least=1)
    return first, texts.optional_line(last_name, "last_name", most=MOST_PART)


def parts_of(name: str) -> tuple[str, str] | None:
    """Return first and last name of a full name, None where a part is no name or too long."""
    first, _space, last = " ".join(name.split()).partition(" ")
    try:
        return given_names(first, last)
    except Invalid:
        return None


def compare_people(name: str, holder: str) -> Match:
    """Compare a person's name with that of an account's holder.

    Order, capitals, accents, blanks and up to three extra names make no difference; vowel signs do.
    A person with a single name has no extra ones: they would be somebody else's.
    """
    wanted, found = _words(name), _words(holder)
    most = len(set(wanted)) + (_MOST_EXTRA if len(set(wanted)) > 1 else 0)
    is_part = set(wanted) <= set(found) and len(set(found)) <= most
    if wanted and (is_part or "".join(wanted) == "".join(found)):
        return Match.SAME
    return _undecided(name, holder)


def compare_companies(name: str, holder: str) -> Match:
    """Compare a company's legal name with that of an account's holder.

    Capitals, punctuation, accents, `&` for `and` and a legal form in short (PLC, Ltd) make no
    difference; vowel signs do.
    """
    wanted, found = _company(name), _company(holder)
    if wanted and wanted == found:
        return Match.SAME
    return _undecided(*(" ".join(set(_words(text)) - set(_FORMS)) for text in (name, holder)))


def _undecided(name: str, other: str) -> Match:
    """Return what two different names are: in different scripts only a person can compare them."""
    here, there = _scripts(name), _scripts(other)
    return Match.UNCERTAIN if here and there and not here & there else Match.OTHER


def _scripts(text: str) -> set[str]:
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", text))
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}


def _company(name: str) -> str:
    """Return what is compared of a company's name: its words without spaces between them."""
    words = ("and" if word in _AND else word for word in _initials_joined(_words(name)))
    return "".join(_FORMS.get(word, word) for word in words)


def _initials_joined(words: Sequence[str]) -> list[str]:
    """Return the words with `p`, `l`, `c` as one: P.L.C. is PLC."""
    joined: list[str] = []
    for is_letter, group in groupby(words, lambda word: len(word) == 1 and word.isalpha()):
        these = list(group)
        joined += ["".join(these)] if is_letter else these
    return joined


def _words(name: str) -> list[str]:
    """Return the words of a name, whose letters have their marks: vowel signs belong to them."""
    shown = []
    for mark in _folded(name):
        is_word = unicodedata.category(mark)[0] in "LMN"
        shown.append(mark if is_word else f" {mark} " if mark in _AND else " ")
    return "".join(shown).split()


def _folded(text: str) -> str:
    """Return a text without capitals, accents and characters without a shape."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(
        mark
        for mark in plain
        if unicodedata.category(mark) != "Cf" and not "\u0300" <= mark <= "\u036f"
    )
