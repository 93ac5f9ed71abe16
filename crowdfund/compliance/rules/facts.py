"""The facts of a person: their pages, labels and checks."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from crowdfund.compliance.rules import texts
from crowdfund.kernel.errors import Invalid, InvalidFields
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
_NUMBER = re.compile(r"(?=.*[0-9])[0-9A-Z][0-9A-Z ./-]{3,29}", re.ASCII)
_POSTAL = re.compile(r"[0-9A-Z][0-9A-Z -]{1,11}", re.ASCII)

Values = Mapping[str, object]


def id_number(text: object) -> str:
    """Return a document's number in capitals, single-spaced. Raises Invalid."""
    value = " ".join(str(text or "").upper().split())
    if not value:
        raise Invalid(_("Enter the number of the document."), field="id_number")
    if not _NUMBER.fullmatch(value):
        text = _("Enter the number as shown on the document: 4 to 30 letters and digits.")
        raise Invalid(text, field="id_number")
    return value


def same_number(text: str) -> str:
    """Return a document's number without spaces and punctuation, to compare it with others."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def masked(number: str) -> str:
    """Return a number with all but its last three characters masked."""
    plain = same_number(number)
    return "•" * max(4, len(plain) - 3) + plain[-3:]


def postal_code(text: object) -> str:
    """Return a postal code in capitals, or nothing. Raises Invalid."""
    value = " ".join(str(text or "").upper().split())
    if value and not _POSTAL.fullmatch(value):
        text = _("Enter the postal code in letters and digits, or leave it empty.")
        raise Invalid(text, field="postal_code")
    return value


def clean(step: str, values: Values, *, today: date) -> dict[str, object]:
    """Return the facts of one page, clean. Raises InvalidFields with a sentence for each error."""
    checks = _CHECKS[step](values, today)
    good: dict[str, object] = {}
    errors: dict[str, str] = {}
    for name in STEPS[step]:
        try:
            good[name] = checks[name]()
        except Invalid as error:
            errors[name] = error.user_message
    if errors:
        raise InvalidFields(errors)
    return good


Checks = Mapping[str, Callable[[], object]]


def _about(values: Values, today: date) -> Checks:
    ask_name = _("Enter your full name, as in your identity document.")
    ask_nation = _("Choose your nationality from the list.")
    return {
        "legal_name": lambda: texts.line(values.get("legal_name"), "legal_name", ask_name),
        "born_on": lambda: texts.birthday(values.get("born_on"), "born_on", today=today),
        "nationality": lambda: _country(values, "nationality", ask_nation),
    }


def _address(values: Values, _today: date) -> Checks:
    ask_street = _("Enter street and house of your home.")
    ask_city = _("Enter the city or town.")
    ask_country = _("Choose the country where you live from the list.")
    return {
        "street": lambda: texts.line(values.get("street"), "street", ask_street),
        "city": lambda: texts.line(values.get("city"), "city", ask_city, most=80),
        "region": lambda: texts.optional_line(values.get("region"), "region", most=80),
        "postal_code": lambda: postal_code(values.get("postal_code")),
        "country": lambda: _country(values, "country", ask_country),
    }


def _identity(values: Values, _today: date) -> Checks:
    ask = _("Choose which document you have.")
    return {
        "id_kind": lambda: texts.pick(values.get("id_kind"), "id_kind", ask, IDENTITY_KINDS),
        "id_number": lambda: id_number(values.get("id_number")),
    }


def _country(values: Values, field: str, ask: str) -> str:
    return texts.pick(values.get(field), field, ask, COUNTRIES)


_CHECKS = {"about": _about, "address": _address, "identity": _identity}


def step_state(filled: Values, step: str) -> str:
    """Return `done`, `started` or `todo` for one page."""
    present = [bool(filled.get(name)) for name in STEPS[step] if name not in OPTIONAL]
    if all(present):
        return "done"
    return "started" if any(present) else "todo"
