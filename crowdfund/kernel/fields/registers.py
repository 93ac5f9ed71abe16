"""Numbers that registers and offices give to companies and people; pure."""

import re

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import code, compact, is_zero
from crowdfund.kernel.i18n import _

_TAX = re.compile(r"(?=.*[1-9A-Z])[0-9A-Z][0-9A-Z./]{3,23}", re.ASCII)
_TAX_ETHIOPIA = re.compile(r"(?!0{10})[0-9]{10}", re.ASCII)
_REGISTRATION = re.compile(r"(?=.*[0-9])[0-9A-Z][0-9A-Z ./-]{2,39}", re.ASCII)
_DOCUMENT = re.compile(r"(?=.*[0-9])[0-9A-Z][0-9A-Z ./-]{3,29}", re.ASCII)
# State, PAN, how many registrations in the state, Z, check character.
_GSTIN = re.compile(r"([0-9]{2})([A-Z]{5}[0-9]{4}[A-Z])[1-9A-Z]Z[0-9A-Z]", re.ASCII)
_GSTIN_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LAST_STATE, _OTHER_TERRITORY = 38, 97  # 38 is Ladakh


def registration_number(text: object, field: str) -> str:
    """Return a company's registration number in capitals. Raises Invalid."""
    value = code(text)
    if not _REGISTRATION.fullmatch(value) or is_zero(value):
        sentence = _("Enter the registration number as on the licence, like MT/AA/1/0012345/2015.")
        raise Invalid(sentence, field=field)
    return value


def tax_number(text: object, country: str, field: str) -> str:
    """Return a tax number in capitals, without spaces and hyphens. Raises Invalid.

    In Ethiopia it has ten digits, in India it is a PAN or GSTIN.
    """
    value = compact(text)
    if country == "ET" and not _TAX_ETHIOPIA.fullmatch(value):
        raise Invalid(_("Enter the TIN as 10 digits, like 0012345678."), field=field)
    if country == "IN":
        return _indian(value, field)
    if not _TAX.fullmatch(value):
        sentence = _("Enter the tax number in letters and digits, 4 to 24 of them.")
        raise Invalid(sentence, field=field)
    return value


def _indian(value: str, field: str) -> str:
    """Return a PAN or GSTIN of a company; the fourth letter of a person's PAN is P."""
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 - few companies are Indian
    from stdnum.in_ import pan  # noqa: PLC0415

    try:
        number = _pan_in_gstin(value) if len(value) > 10 else value
        pan.validate(number)
    except ValidationError as error:
        sentence = _("Enter the company's PAN, like AAACC1234D, or its GSTIN of 15 characters.")
        raise Invalid(sentence, field=field) from error
    if number[3] == "P":
        sentence = _(
            "This PAN belongs to a person: its fourth letter is P. Enter the company's own PAN or "
            "GSTIN."
        )
        raise Invalid(sentence, field=field)
    return value


def _pan_in_gstin(value: str) -> str:
    """Return the PAN within a GSTIN. Raises ValidationError of stdnum.

    `stdnum.in_.gstin` does not know the codes 38 and 97.
    """
    from stdnum import luhn  # noqa: PLC0415
    from stdnum.exceptions import InvalidComponent  # noqa: PLC0415

    found = _GSTIN.fullmatch(value)
    if found is None or not (
        1 <= int(found[1]) <= _LAST_STATE or int(found[1]) == _OTHER_TERRITORY
    ):
        raise InvalidComponent
    luhn.validate(value, _GSTIN_LETTERS)
    return found[2]


def document_number(text: object, field: str) -> str:
    """Return the number of an identity document in capitals, single-spaced. Raises Invalid."""
    value = code(text)
    if not value:
        raise Invalid(_("Enter the number of the document."), field=field)
    if not _DOCUMENT.fullmatch(value) or is_zero(value):
        sentence = _("Enter the number as shown on the document: 4 to 30 letters and digits.")
        raise Invalid(sentence, field=field)
    return value
