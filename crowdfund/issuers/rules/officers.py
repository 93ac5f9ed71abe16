"""Who runs and who owns a company: each person, and the list as a whole."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crowdfund.issuers.rules import words
from crowdfund.issuers.rules.lists import COUNTRIES
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _, _l

OFFICER_ROLES: Mapping[str, str] = {
    "director": _l("Director"),
    "chief_executive": _l("Chief executive and director"),
    "secretary": _l("Company secretary"),
    "shareholder": _l("Shareholder only"),
}
DIRECTORS = ("director", "chief_executive")
BENEFICIAL_BPS = 2_500  # from a quarter on, someone counts as an owner behind the company
ADULT_YEARS = 18
MOST_OFFICERS = 30
_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?", re.ASCII)
Officer = dict[str, Any]
"""As a change stores it: `id` and FIELDS, with `born_on` as ISO text."""

FIELDS = ("name", "role", "born_on", "nationality", "ownership_bps", "is_beneficial_owner")


def clean_officer(values: words.Values, today: date) -> tuple[Officer, dict[str, str]]:
    """Return what is good of an officer's page and a sentence for each field that is not."""
    checks = {
        "name": lambda v: words.line(v.get("name"), "name", _("the full name")),
        "role": lambda v: words.pick(v.get("role"), "role", _("a role"), OFFICER_ROLES),
        "born_on": lambda v: parse_birth(v.get("born_on"), today).isoformat(),
        "nationality": lambda v: words.pick(
            v.get("nationality"), "nationality", _("a country"), COUNTRIES
        ),
        "ownership_bps": lambda v: parse_share(v.get("ownership_bps")),
        "is_beneficial_owner": lambda v: bool(v.get("is_beneficial_owner")),
    }
    good, errors = words.collect(checks, values)
    share, is_denied = good.get("ownership_bps"), good.get("is_beneficial_owner") is False
    if isinstance(share, int) and share >= BENEFICIAL_BPS and is_denied:
        errors["is_beneficial_owner"] = _(
            "A person who owns 25 % or more is a beneficial owner. Tick the box, or correct the "
            "share."
        )
    return good, errors


def parse_share(text: object) -> int:
    """Return a percentage, typed as 12 or 12.5, in basis points. Raises Invalid."""
    found = _SHARE.fullmatch(
        str(text if text is not None else "").strip().removesuffix("%").strip()
    )
    bps = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else -1
    if not 0 <= bps <= 10_000:
        raise Invalid(
            _("Enter the share in percent, from 0 to 100, like 12.5."), field="ownership_bps"
        )
    return bps


def share_text(bps: int) -> str:
    """Return basis points as a percentage to type again: 1250 is 12.5."""
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".")


def parse_birth(text: object, today: date) -> date:
    """Return the birthday of an adult. Raises Invalid."""
    born = words.parse_day(text, "born_on", _("the date of birth"))
    if born.year < today.year - 120 or born >= today:
        raise Invalid(_("Enter the date of birth of a living person."), field="born_on")
    if (today.year - born.year - ((today.month, today.day) < (born.month, born.day))) < ADULT_YEARS:
        raise Invalid(_("An officer must be at least 18 years old."), field="born_on")
    return born


def check_total(officers: Sequence[Mapping[str, Any]]) -> None:
    """Refuse more than a hundred percent in all. Raises Invalid at `ownership_bps`."""
    total = sum(officer["ownership_bps"] for officer in officers)
    if total > 10_000:
        raise Invalid(
            _(
                "All shares together are %(total)s %%. They cannot be more than 100 %%.",
                total=share_text(total),
            ),
            field="ownership_bps",
        )


def officers_missing(officers: Sequence[Mapping[str, Any]]) -> str | None:
    """Return what the list still lacks, in a sentence, or None when it is complete."""
    if not officers:
        return _("Name the people who run and own the company.")
    if not any(officer["role"] in DIRECTORS for officer in officers):
        return _("Name at least one director.")
    if not any(officer["is_beneficial_owner"] for officer in officers):
        return _(
            "Name the beneficial owners: everybody with 25 % or more. If nobody has that much, "
            "tick the box for the person who leads the company."
        )
    return None
