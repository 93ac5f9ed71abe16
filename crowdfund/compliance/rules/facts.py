"""The facts of a person: which there are, what each may be."""

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
    "legal_name": _l("Full legal name"), "born_on": _l("Date of birth"), "nationality": _l("Nationality"),
    "street": _l("Street, house, sub-city"), "city": _l("City or town"), "region": _l("Region or state"),
    "postal_code": _l("Postal code"), "country": _l("Country"), "id_kind": _l("Kind of document"),
    "id_number": _l("Number of the document"),
}  # fmt: skip
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
        raise Invalid(
            _("Enter the number as shown on the document: 4 to 30 letters and digits."),
            field="id_number",
        )
    return value


def same_number(text: str) -> str:
    """Return a document's number without its spaces and strokes, to compare it with others."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def masked(number: str) -> str:
    """Return a number of which only the last three characters can be read."""
    plain = same_number(number)
    return "•" * max(4, len(plain) - 3) + plain[-3:]


def postal_code(text: object) -> str:
    """Return a postal code in capitals, or nothing. Raises Invalid."""
    value = " ".join(str(text or "").upper().split())
    if value and not _POSTAL.fullmatch(value):
        raise Invalid(
            _("Enter the postal code in letters and digits, or leave it empty."),
            field="postal_code",
        )
    return value


def _cleaners(today: date) -> dict[str, Callable[[Values], object]]:
    return {
        "legal_name": lambda v: texts.line(
            v.get("legal_name"), "legal_name", _("Enter your full name, as in your identity document.")
        ),
        "born_on": lambda v: texts.birthday(v.get("born_on"), "born_on", today=today),
        "nationality": lambda v: texts.pick(
            v.get("nationality"), "nationality", _("Choose your nationality from the list."), COUNTRIES
        ),
        "street": lambda v: texts.line(v.get("street"), "street", _("Enter street and house of your home.")),
        "city": lambda v: texts.line(v.get("city"), "city", _("Enter the city or town."), most=80),
        "region": lambda v: texts.optional_line(v.get("region"), "region", most=80),
        "postal_code": lambda v: postal_code(v.get("postal_code")),
        "country": lambda v: texts.pick(
            v.get("country"), "country", _("Choose the country where you live from the list."), COUNTRIES
        ),
        "id_kind": lambda v: texts.pick(
            v.get("id_kind"), "id_kind", _("Choose which document you have."), IDENTITY_KINDS
        ),
        "id_number": lambda v: id_number(v.get("id_number")),
    }  # fmt: skip


def clean(step: str, values: Values, *, today: date) -> dict[str, object]:
    """Return the facts of one page, clean; raises InvalidFields with a sentence for each that is not."""
    cleaners = _cleaners(today)
    good: dict[str, object] = {}
    errors: dict[str, str] = {}
    for name in STEPS[step]:
        try:
            good[name] = cleaners[name](values)
        except Invalid as error:
            errors[name] = error.user_message
    if errors:
        raise InvalidFields(errors)
    return good


def step_state(filled: Values, step: str) -> str:
    """Return `done`, `started` or `todo` for one page."""
    present = [bool(filled.get(name)) for name in STEPS[step] if name not in OPTIONAL]
    if all(present):
        return "done"
    return "started" if any(present) else "todo"
