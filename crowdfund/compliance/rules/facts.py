"""The facts of a person: their pages, labels and checks."""

import re
from datetime import date

from crowdfund.kernel.errors import InvalidFields
from crowdfund.kernel.fields import contacts, dates, registers, texts
from crowdfund.kernel.fields.collecting import Checks, Values, collect, state_of
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.regions import REGIONS

# What each page of the person's own data asks for.
STEPS: dict[str, tuple[str, ...]] = {
    "about": ("legal_name", "born_on", "nationality"),
    "address": ("street", "city", "region", "postal_code", "country"),
    "identity": ("id_kind", "id_number"),
}
OPTIONAL = frozenset({"region", "postal_code"})
STEP_TITLES = {
    "about": _l("Name, birth and nationality"),
    "address": _l("Home address"),
    "identity": _l("Identity document"),
}
LABELS = {
    "legal_name": _l("Full legal name"),
    "born_on": _l("Date of birth"),
    "nationality": _l("Nationality"),
    "street": _l("Street, house, sub-city"),
    "city": _l("City or town"),
    "region": _l("Region or state"),
    "postal_code": _l("Postal code"),
    "country": _l("Country"),
    "id_kind": _l("Kind of document"),
    "id_number": _l("Number of the document"),
}
IDENTITY_KINDS = {
    "national_id": _l("National identity card"),
    "passport": _l("Passport"),
    "driving_licence": _l("Driving licence"),
}
# Countries that have phone numbers: leaves out regions, test codes and uninhabited islands.
COUNTRIES = REGIONS


def same_number(text: str) -> str:
    """Return a document's number without spaces and punctuation, to compare it with others."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def masked(number: str) -> str:
    """Return a number with all but its last three characters masked."""
    plain = same_number(number)
    return "•" * max(4, len(plain) - 3) + plain[-3:]


def clean(step: str, values: Values, *, today: date) -> dict[str, object]:
    """Return the facts of one page, clean. Raises InvalidFields with a sentence for each error."""
    good, errors = collect(_CHECKS[step](values, today))
    if errors:
        raise InvalidFields(errors)
    return good


def _about(values: Values, today: date) -> Checks[object]:
    ask_name = _("Enter your full name, as in your identity document.")
    ask_nation = _("Choose your nationality from the list.")
    return {
        "legal_name": lambda: texts.line(values.get("legal_name"), "legal_name", ask_name),
        "born_on": lambda: dates.birthday(values.get("born_on"), "born_on", today=today),
        "nationality": lambda: _country(values, "nationality", ask_nation),
    }


def _address(values: Values, _today: date) -> Checks[object]:
    ask_street = _("Enter street and house of your home.")
    ask_city = _("Enter the city or town.")
    ask_country = _("Choose the country where you live from the list.")
    return {
        "street": lambda: texts.line(values.get("street"), "street", ask_street),
        "city": lambda: texts.line(values.get("city"), "city", ask_city, most=80),
        "region": lambda: texts.optional_line(values.get("region"), "region", most=80),
        "postal_code": lambda: contacts.postal_code(values.get("postal_code")),
        "country": lambda: _country(values, "country", ask_country),
    }


def _identity(values: Values, _today: date) -> Checks[object]:
    ask = _("Choose which document you have.")
    return {
        "id_kind": lambda: texts.choice(values.get("id_kind"), "id_kind", ask, IDENTITY_KINDS),
        "id_number": lambda: registers.document_number(values.get("id_number"), "id_number"),
    }


def _country(values: Values, field: str, ask: str) -> str:
    return texts.choice(values.get(field), field, ask, COUNTRIES)


_CHECKS = {"about": _about, "address": _address, "identity": _identity}


def step_state(filled: Values, step: str) -> str:
    """Return `done`, `started` or `todo` for one page."""
    return state_of(filled, [name for name in STEPS[step] if name not in OPTIONAL])
