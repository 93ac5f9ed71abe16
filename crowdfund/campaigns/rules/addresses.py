"""The addresses of the public list: what they ask for, and where a page of it begins; pure.

`page=3&after=KEY` begins behind the campaign with that sort key: new campaigns make no reader see
one twice or miss one, and the page costs the same however far it is. `page=3`
alone, as people may have saved it or type it, counts from the top.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crowdfund.kernel.i18n import _l

STATES = {"live": _l("Live"), "funded": _l("Funded"), "ended": _l("Not funded")}
# The state of a campaign in the list by its status; triggers.py computes the same in SQL.
STATE_OF = {
    "live": "live",
    "succeeded": "funded",
    "released": "funded",
    "failed": "ended",
    "refunded": "ended",
    "cancelled": "ended",
}
# How each list is sorted. The place decides between what is equal otherwise.
COLUMNS = {
    "newest": ("starts_at", "place"),
    "ending": ("is_over", "ends_at", "place"),
    "funded": ("funded_bps", "place"),
}
DEFAULT = "ending"  # those that are open for investment come first
DESCENDING = frozenset({"newest", "funded"})
_LAST_PAGE = 10_000
_LONGEST_TEXT = 80
_MOST_DIGITS = 17
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
Key = tuple[int | datetime, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of the list that somebody asks for."""

    text: str = ""
    sector: str = ""
    state: str = ""
    sort: str = DEFAULT
    number: int = 1
    after: Key | None = None
    before: Key | None = None


def asked(values: Mapping[str, str]) -> Asked:
    """Return what the values of an address ask for; what makes no sense counts as not given."""
    sort, state, page = values.get("sort", ""), values.get("status", ""), values.get("page", "")
    sort = sort if sort in COLUMNS else DEFAULT
    after = key_in(values.get("after", ""), sort)
    return Asked(
        text=folded(values.get("q", "")),
        sector=values.get("sector", ""),
        state=state if state in STATES else "",
        sort=sort,
        number=min(max(1, int(page)), _LAST_PAGE) if _is_number(page) else 1,
        after=after,
        before=None if after else key_in(values.get("before", ""), sort),
    )


def folded(text: str, *, most: int = _LONGEST_TEXT) -> str:
    """Return a text as it is stored for searches, and a search: lower case, composed letters."""
    plain = unicodedata.normalize("NFC", text[:most].casefold())
    return " ".join(plain.split())[:most]


def key_of(row: object, sort: str) -> Key:
    """Return the sort key of a row, which has the columns of that sort."""
    return tuple(getattr(row, name) for name in COLUMNS[sort])


def token(row: object, sort: str) -> str:
    """Return the sort key of a row for an address: whole numbers; moments in microseconds."""
    return "-".join(str(_whole(part)) for part in key_of(row, sort))


def _whole(part: int | datetime) -> int:
    return (part - _EPOCH) // _MICROSECOND if isinstance(part, datetime) else int(part)


def key_in(token: str, sort: str) -> Key | None:
    """Return the sort key that a token stands for, None if it is none of this sort."""
    parts, names = token.split("-"), COLUMNS[sort]
    if len(parts) != len(names) or not all(_is_number(part) for part in parts):
        return None
    return tuple(
        _EPOCH + int(part) * _MICROSECOND if name.endswith("_at") else int(part)
        for part, name in zip(parts, names, strict=True)
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
