"""Search for what staff type, whatever capitals it has, alike on every database."""

import unicodedata
from collections.abc import Callable

import sqlalchemy as sa


def mentions(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds a text as a part, in capitals or small letters.

    It reads every row that other conditions leave.
    """
    wanted = unicodedata.normalize("NFC", text).lower()
    return in_small_letters(column, wanted).contains(wanted, autoescape=True)


def in_small_letters(
    column: sa.ColumnElement[str], wanted: str, spelt: Callable[[str], str] = lambda letter: letter
) -> sa.ColumnElement[str]:
    """Return a column with those capitals made small that could match a text in small letters.

    SQLite's LOWER, and PostgreSQL's in the C locale, leave letters like É as they are. `spelt`
    returns how the column spells a letter, if not as itself.
    """
    small: sa.ColumnElement[str] = sa.func.lower(column, type_=sa.String)
    for letter in sorted(set(wanted)):
        capital = letter.upper()
        if not letter.isascii() and capital != letter and len(capital) == 1:
            small = sa.func.replace(small, spelt(capital), spelt(letter), type_=sa.String)
    return small


def spellings(text: str) -> set[str]:
    """Return a number or code as typed, in capitals and in small letters, for an index."""
    return {text, text.upper(), text.lower()}
