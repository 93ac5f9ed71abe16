"""What a change alters, in words: for the company that writes it and the officer who decides."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from crowdfund.issuers.rules.lists import SECTORS
from crowdfund.issuers.rules.officers import OFFICER_ROLES
from crowdfund.kernel import i18n
from crowdfund.kernel.fields import percents
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.regions import country_name

FIELD_NAMES: Mapping[str, str] = {
    "legal_name": _l("Legal name"),
    "trade_name": _l("Trade name"),
    "tin": _l("TIN"),
    "sector": _l("Sector"),
    "registration_no": _l("Registration number"),
    "country": _l("Country"),
    "contact_name": _l("Contact person"),
    "contact_email": _l("E-mail"),
    "contact_phone": _l("Phone"),
    "street": _l("Street and house"),
    "city": _l("Town or city"),
    "region": _l("Region or state"),
    "postal_code": _l("Postal code"),
    "wallet_address": _l("Company wallet"),
    "bank": _l("Bank account"),
}


class Difference(NamedTuple):
    """One line of a change; empty where there was or will be nothing."""

    label: str
    old: str
    new: str


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Return what differs between two states of a part, line by line."""
    if "officers" in new:
        return _officers(old.get("officers") or [], new["officers"])
    return [
        Difference(str(FIELD_NAMES[name]), _shown(name, old.get(name)), _shown(name, value))
        for name, value in new.items()
        if name in FIELD_NAMES and old.get(name) != value
    ]


def officer_text(officer: Mapping[str, Any]) -> str:
    """Return an officer in one line."""
    text = _(
        "%(role)s, born %(born)s, %(country)s, owns %(share)s %%",
        role=OFFICER_ROLES[officer["role"]],
        born=i18n.day(date.fromisoformat(officer["born_on"])),
        country=country_name(officer["nationality"]),
        share=percents.percent(officer["ownership_bps"]),
    )
    return text + (", " + _("beneficial owner") if officer["is_beneficial_owner"] else "")


def _officers(old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> list[Difference]:
    before = {officer["id"]: officer for officer in old}
    after = {officer["id"]: officer for officer in new}
    found = []
    for officer_id in dict.fromkeys([*before, *after]):
        was, will = before.get(officer_id), after.get(officer_id)
        if was == will:
            continue
        name = (will or was or {})["name"]
        found.append(Difference(str(name), _line(was, name), _line(will, name)))
    return found


def _line(officer: Mapping[str, Any] | None, name: str) -> str:
    if officer is None:
        return ""
    text = officer_text(officer)
    return text if officer["name"] == name else f"{officer['name']}: {text}"


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):  # a bank account
        return f"{value['masked']}, {value['holder']}"
    text = str(value)
    if name == "sector":
        return str(SECTORS.get(text, text))
    return country_name(text) if name == "country" else text
