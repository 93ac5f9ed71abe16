"""Who runs and who owns a company: each person, and the list as a whole."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crowdfund.issuers.rules.lists import COUNTRIES
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import dates, percents, texts
from crowdfund.kernel.fields.collecting import Checks, Values, collect
from crowdfund.kernel.i18n import _, _l

OFFICER_ROLES: Mapping[str, str] = {
    "director": _l("Director"),
    "chief_executive": _l("Chief executive and director"),
    "secretary": _l("Company secretary"),
    "shareholder": _l("Shareholder only"),
}
DIRECTORS = ("director", "chief_executive")
BENEFICIAL_BPS = 2_500  # from a quarter on, someone counts as an owner behind the company
MOST_OFFICERS = 30
Officer = dict[str, Any]
"""As a change stores it: `id` and FIELDS, with `born_on` as ISO text."""

FIELDS = ("name", "role", "born_on", "nationality", "ownership_bps", "is_beneficial_owner")


def clean_officer(values: Values, today: date) -> tuple[Officer, dict[str, str]]:
    """Return what is good of an officer's page and a sentence for each field that is not."""
    ask_name, ask_role = _("Enter the full name."), _("Choose a role from the list.")
    ask_country, nationality = _("Choose a country from the list."), values.get("nationality")
    checks: Checks[Any] = {
        "name": lambda: texts.line(values.get("name"), "name", ask_name),
        "role": lambda: texts.choice(values.get("role"), "role", ask_role, OFFICER_ROLES),
        "born_on": lambda: _birthday(values.get("born_on"), today).isoformat(),
        "nationality": lambda: texts.choice(nationality, "nationality", ask_country, COUNTRIES),
        "ownership_bps": lambda: percents.basis_points(
            values.get("ownership_bps"), "ownership_bps"
        ),
        "is_beneficial_owner": lambda: bool(values.get("is_beneficial_owner")),
    }
    good, errors = collect(checks)
    share, is_denied = good.get("ownership_bps"), good.get("is_beneficial_owner") is False
    if isinstance(share, int) and share >= BENEFICIAL_BPS and is_denied:
        errors["is_beneficial_owner"] = _(
            "A person who owns 25 % or more is a beneficial owner. Tick the box, or correct the "
            "share."
        )
    return good, errors


def _birthday(text: object, today: date) -> date:
    too_young = _("An officer must be at least 18 years old.")
    return dates.birthday(text, "born_on", today=today, too_young=too_young)


def check_total(officers: Sequence[Mapping[str, Any]]) -> None:
    """Refuse more than a hundred percent in all. Raises Invalid at `ownership_bps`."""
    total = sum(officer["ownership_bps"] for officer in officers)
    if total > 10_000:
        raise Invalid(
            _(
                "All shares together are %(total)s %%. They cannot be more than 100 %%.",
                total=percents.percent(total),
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
