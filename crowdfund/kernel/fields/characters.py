"""Characters of numbers and codes, whatever script, width or dash they were typed in; pure."""

import unicodedata


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
