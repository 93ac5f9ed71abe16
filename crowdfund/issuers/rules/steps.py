"""The pages of the onboarding wizard: what each must hold, and what may be typed there; pure."""

from collections.abc import Callable, Mapping
from typing import Any

from crowdfund.issuers.rules import officers, papers, words
from crowdfund.issuers.rules.lists import COUNTRIES, SECTORS
from crowdfund.issuers.rules.words import Values
from crowdfund.kernel.i18n import _, _l

# What each page of the wizard must have filled before the file may be submitted.
STEPS: dict[str, tuple[str, ...]] = {
    "company": ("legal_name", "trade_name", "registration_no", "tin", "sector", "country"),
    "contacts": ("contact_name", "contact_email", "contact_phone", "street", "city"),
    "officers": ("officers",),
    "bank": ("bank",),
    "wallet": ("wallet_address",),
    "documents": ("documents",),
}
OPTIONAL: dict[str, tuple[str, ...]] = {"contacts": ("region", "postal_code")}
STEP_TITLES: Mapping[str, str] = {
    "company": _l("Company details"),
    "contacts": _l("Contact person and address"),
    "officers": _l("Directors and owners"),
    "bank": _l("Bank account"),
    "wallet": _l("Company wallet"),
    "documents": _l("Documents"),
}
# Which right of `team.may` a page asks for.
STEP_ACTIONS: Mapping[str, str] = {"bank": "bank", "documents": "documents"}
# Facts of these pages are columns of the company; the others have tables of their own.
COLUMN_STEPS = ("company", "contacts", "wallet")


def columns(step: str) -> tuple[str, ...]:
    """Return the columns that a page fills, the optional ones too."""
    return STEPS[step] + OPTIONAL.get(step, ())


def action_of(step: str) -> str:
    """Return the right that a page of the wizard asks for."""
    return STEP_ACTIONS.get(step, "file")


def step_state(filled: Mapping[str, Any], step: str) -> str:
    """Return `done`, `started` or `todo` for one page of the wizard.

    `filled` is the company's columns with `officers` (the list), `bank` and `documents` (the rows).
    """
    if step == "officers":
        if not filled.get("officers"):
            return "todo"
        return "started" if officers.officers_missing(filled["officers"]) else "done"
    if step == "documents":
        rows = filled.get("documents") or ()
        if not papers.lacking(rows, filled.get("country"), verified=False):
            return "done"
        return "started" if rows else "todo"
    present = [bool(filled.get(name)) for name in STEPS[step]]
    if all(present):
        return "done"
    return "started" if any(present) else "todo"


def missing_steps(filled: Mapping[str, Any]) -> list[str]:
    """Return the pages that still lack something, in order."""
    return [step for step in STEPS if step_state(filled, step) != "done"]


_CLEANERS: dict[str, Callable[[Values], str | None]] = {
    "legal_name": lambda v: words.line(v.get("legal_name"), "legal_name", _("the legal name")),
    "trade_name": lambda v: words.line(
        v.get("trade_name"), "trade_name", _("the trade name"), most=60
    ),
    "registration_no": lambda v: words.parse_registration(v.get("registration_no")),
    "tin": lambda v: words.parse_tin(v.get("tin"), str(v.get("country") or "")),
    "sector": lambda v: words.pick(v.get("sector"), "sector", _("a sector"), SECTORS),
    "country": lambda v: words.pick(v.get("country"), "country", _("a country"), COUNTRIES),
    "contact_name": lambda v: words.line(
        v.get("contact_name"), "contact_name", _("the contact person's name")
    ),
    "contact_email": lambda v: words.parse_email(v.get("contact_email")),
    "contact_phone": lambda v: words.parse_phone(
        v.get("contact_phone"), str(v.get("country") or "ET")
    ),
    "street": lambda v: words.line(v.get("street"), "street", _("the street and house"), most=160),
    "city": lambda v: words.line(v.get("city"), "city", _("the town or city"), most=80),
    "region": lambda v: words.maybe_line(v.get("region"), "region", _("the region"), most=80),
    "postal_code": lambda v: words.parse_postal_code(v.get("postal_code")),
    "wallet_address": lambda v: words.parse_wallet(v.get("wallet_address")),
}


def clean(step: str, values: Values) -> tuple[dict[str, str | None], dict[str, str]]:
    """Return what is good of a wizard page and a sentence for each field that is not."""
    return words.collect({name: _CLEANERS[name] for name in columns(step)}, values)
