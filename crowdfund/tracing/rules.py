"""Names of things whose amounts are explained, and what an explanation says; pure."""

from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

MOST_DIGITS = 18


def missing() -> NotFound:
    """Return the refusal of an amount that does not exist, or is not the reader's to see."""
    return NotFound(_("There is no such amount, or it is not yours to see."))


def split_account(thing_id: str) -> tuple[str, str]:
    """Return account and currency of `account@ETB`. Raises NotFound."""
    account, at, currency = thing_id.partition("@")
    if not at or len(account) > 80 or len(currency) != 3:
        raise missing()
    return account, currency


def split_spot(thing_id: str) -> tuple[str, tuple[int, int]]:
    """Return what comes before the last `@`, and the numbers of `…@12.0` behind it.

    Raises NotFound.
    """
    name, _at, spot = thing_id.rpartition("@")
    seq, _dot, n = spot.partition(".")
    if not name:
        raise missing()
    return name, (number(seq), number(n))


def split_posting(thing_id: str) -> tuple[str, int, int]:
    """Return entry, number of the posting, and its sign, of `<entry>.0` or `<entry>.0.out`.

    `out` is the posting as its source sees it. Raises NotFound.
    """
    entry_id, *rest = thing_id.split(".")
    if len(rest) not in (1, 2) or rest[1:] not in ([], ["out"]):
        raise missing()
    return entry_id, number(rest[0]), -1 if rest[1:] else 1


def number(text: str) -> int:
    """Return a number of an address. Raises NotFound for anything else."""
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS:
        raise missing()
    return int(text)
