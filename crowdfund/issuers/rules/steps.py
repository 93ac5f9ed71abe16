"""The pages of the onboarding wizard: what each must hold, and what may be typed there; pure."""

from collections.abc import Callable, Container, Mapping
from functools import partial
from typing import Any

from crowdfund.issuers.rules import officers, requirements
from crowdfund.issuers.rules.lists import COUNTRIES, SECTORS
from crowdfund.kernel.fields import contacts, registers, texts, wallets
from crowdfund.kernel.fields.collecting import Values, collect, state_of, unfinished
from crowdfund.kernel.i18n import _l

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
        if not requirements.lacking(rows, filled.get("country"), verified=False):
            return "done"
        return "started" if rows else "todo"
    return state_of(filled, STEPS[step])


def missing_steps(filled: Mapping[str, Any]) -> list[str]:
    """Return the pages that still lack something, in order."""
    return unfinished(STEPS, lambda step: step_state(filled, step))


def clean(step: str, values: Values) -> tuple[dict[str, str | None], dict[str, str]]:
    """Return what is good of a wizard page and a sentence for each field that is not."""
    return collect({name: partial(_CLEANERS[name], values) for name in columns(step)})


def _line(field: str, values: Values, *, ask: str, most: int = 120) -> str:
    return texts.line(values.get(field), field, str(ask), most=most)


def _choice(field: str, values: Values, *, ask: str, choices: Container[str]) -> str:
    return texts.choice(values.get(field), field, str(ask), choices)


def _tax_number(values: Values) -> str:
    return registers.tax_number(values.get("tin"), str(values.get("country") or ""), "tin")


def _phone(values: Values) -> str:
    region = str(values.get("country") or contacts.HOME_REGION)
    return contacts.phone(values.get("contact_phone"), "contact_phone", region=region)


_CLEANERS: dict[str, Callable[[Values], str | None]] = {
    "legal_name": partial(_line, "legal_name", ask=_l("Enter the legal name of the company.")),
    "trade_name": partial(_line, "trade_name", ask=_l("Enter the trade name."), most=60),
    "registration_no": lambda v: registers.registration_number(
        v.get("registration_no"), "registration_no"
    ),
    "tin": _tax_number,
    "sector": partial(_choice, "sector", ask=_l("Choose a sector from the list."), choices=SECTORS),
    "country": partial(
        _choice, "country", ask=_l("Choose a country from the list."), choices=COUNTRIES
    ),
    "contact_name": partial(_line, "contact_name", ask=_l("Enter the contact person's name.")),
    "contact_email": lambda v: contacts.email(v.get("contact_email"), "contact_email"),
    "contact_phone": _phone,
    "street": partial(_line, "street", ask=_l("Enter the street and house."), most=160),
    "city": partial(_line, "city", ask=_l("Enter the city or town."), most=80),
    "region": lambda v: texts.optional_line(v.get("region"), "region", most=80) or None,
    "postal_code": lambda v: contacts.postal_code(v.get("postal_code")) or None,
    "wallet_address": lambda v: wallets.wallet(v.get("wallet_address"), "wallet_address"),
}
