"""Which characters people may type, and how those of numbers and codes are read; pure."""

import unicodedata

# Control and format characters (of direction, without width, tags), and what no script has.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and signs without a shape, and those that stand for what a program could not read.
_SHAPELESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\ufffd")
_JOINERS = frozenset("\u200c\u200d")
_PICTURES = range(0x1F000, 0x1FC00)  # telephones have newer ones than Python knows


def has_hidden(text: str) -> bool:
    """Return whether a text has characters that nobody sees; line ends are none.

    Joiners are part of words of many scripts: they may follow a letter, a sign of one or a picture.
    """
    before = ""
    for mark in text:
        is_joining = mark in _JOINERS and before and _may_be_joined(before)
        if mark != "\n" and not is_joining and _is_hidden(mark):
            return True
        before = mark
    return False


def _is_hidden(mark: str) -> bool:
    is_hidden = unicodedata.category(mark) in _HIDDEN or mark in _SHAPELESS
    return is_hidden and ord(mark) not in _PICTURES


def _may_be_joined(mark: str) -> bool:
    return unicodedata.category(mark)[0] in "LMS" or ord(mark) in _PICTURES


def trimmed(text: object) -> str:
    """Return a text without spaces and characters of direction or without width at its ends.

    They come along when an address is copied from a mail or a chat.
    """
    value = str(text or "")
    first = next((i for i, mark in enumerate(value) if not _is_around(mark)), len(value))
    last = next((i for i, mark in enumerate(reversed(value)) if not _is_around(mark)), 0)
    return value[first : len(value) - last]


def _is_around(mark: str) -> bool:
    return mark.isspace() or unicodedata.category(mark) == "Cf"


def plain_characters(text: str) -> str:
    """Return a number or code as typed, in plain characters.

    Full-width letters and digits of any script become ASCII, dashes of any length a hyphen,
    spaces of any width a space; characters that cannot be seen are dropped.
    """
    return "".join(map(_plain_character, unicodedata.normalize("NFKC", text)))


def _plain_character(mark: str) -> str:
    kind = unicodedata.category(mark)
    if kind == "Nd":
        return str(unicodedata.digit(mark))
    if kind == "Pd" or mark == "\u2212":  # the minus sign
        return "-"
    if kind == "Cf":  # zero-width characters and marks of direction
        return ""
    return " " if kind == "Zs" else mark


def code(value: object) -> str:
    """Return a code as registers write it: plain characters, capitals, single spaces."""
    return " ".join(plain_characters(str(value or "")).upper().split())


def compact(value: object) -> str:
    """Return a number as registers store it: plain capitals without spaces and hyphens."""
    return code(value).replace(" ", "").replace("-", "")


def is_zero(value: str) -> bool:
    """Return whether a number has no digit but zero, and no letter: nothing has that number."""
    marks = [mark for mark in value if mark.isalnum()]
    return bool(marks) and set(marks) == {"0"}
