"""Whether two names belong to one person or company, as banks and registers write them; pure."""

import unicodedata
from collections.abc import Callable, Sequence
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
    "plc": "private limited company",
    "pvt": "private",
    "ltd": "limited",
    "co": "company",
    "corp": "corporation",
    "inc": "incorporated",
    "sc": "share company",
}
_FORM_WORDS = frozenset({"and", *" ".join(_FORMS.values()).split()})
# Letters of Amharic with one sound, by which the same name is spelt in two ways (ኃይሌ, ሀይሌ): rows
# of seven, of which the first and the fourth sound alike in two.
_ROWS = ((0x1210, 0x1200), (0x1280, 0x1200), (0x12D0, 0x12A0), (0x1220, 0x1230), (0x1340, 0x1338))
_ALIKE = ((0x1200, 0x1200), (0x12A0, 0x12A0), *_ROWS[:3])
_SOUNDS = {code + order: plain + order for code, plain in _ROWS for order in range(7)}
_SOUNDS |= {code + 3: plain for code, plain in _ALIKE}
_Words = Sequence[str]


class Match(StrEnum):
    """What comparing two names shows.

    `uncertain` ones are written in different scripts, or sound the same: a person compares them.
    """

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
    return _compare(_words(name), _words(holder), _is_one_person)


def compare_companies(name: str, holder: str) -> Match:
    """Compare a company's legal name with that of an account's holder.

    Capitals, punctuation, accents, `&` for `and` and a legal form in short (PLC, Ltd) make no
    difference; vowel signs do.
    """
    return _compare(_company_words(name), _company_words(holder), _is_one_company)


def _compare(name: _Words, other: _Words, is_one: Callable[[_Words, _Words], bool]) -> Match:
    if is_one(name, other):
        return Match.SAME
    if is_one(*([word.translate(_SOUNDS) for word in words] for words in (name, other))):
        return Match.UNCERTAIN
    here, there = _scripts(name), _scripts(other)
    return Match.UNCERTAIN if here and there and not here & there else Match.OTHER


def _is_one_person(name: _Words, holder: _Words) -> bool:
    wanted, found = set(name), set(holder)
    most = len(wanted) + (_MOST_EXTRA if len(wanted) > 1 else 0)
    is_part = wanted <= found and len(found) <= most
    return bool(name) and (is_part or "".join(name) == "".join(holder))


def _is_one_company(name: _Words, holder: _Words) -> bool:
    return bool(name) and "".join(name) == "".join(holder)


def _scripts(words: _Words) -> set[str]:
    """Return the scripts of a name, apart from its legal form, which may be in another one."""
    letters = (letter for word in words if word not in _FORM_WORDS for letter in word)
    return {unicodedata.name(mark, "").partition(" ")[0] for mark in letters if mark.isalpha()}


def _company_words(name: str) -> list[str]:
    """Return the words of a company's name, with the same ones for `&` and for legal forms."""
    found: list[str] = []
    for word in _initials_joined(_words(name)):
        found += ["and"] if word in _AND else _FORMS.get(word, word).split()
    return found


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
