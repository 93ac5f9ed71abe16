"""Numbers that registers and offices give to companies and people; pure."""

import re

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import code
from crowdfund.kernel.i18n import _

_TAX = re.compile(r"[0-9A-Z][0-9A-Z./-]{3,23}", re.ASCII)
_TAX_ETHIOPIA = re.compile(r"[0-9]{10}", re.ASCII)
_REGISTRATION = re.compile(r"(?=.*[0-9])[0-9A-Z][0-9A-Z ./-]{2,39}", re.ASCII)
_DOCUMENT = re.compile(r"(?=.*[0-9])[0-9A-Z][0-9A-Z ./-]{3,29}", re.ASCII)


def registration_number(text: object, field: str) -> str:
    """Return a company's registration number in capitals. Raises Invalid."""
    value = code(text)
    if not _REGISTRATION.fullmatch(value):
        sentence = _("Enter the registration number as on the licence, like MT/AA/1/0012345/2015.")
        raise Invalid(sentence, field=field)
    return value


def tax_number(text: object, country: str, field: str) -> str:
    """Return a tax number in capitals. Raises Invalid.

    In Ethiopia it has ten digits, in India it is a PAN or GSTIN.
    """
    value = code(text)
    if country == "ET" and not _TAX_ETHIOPIA.fullmatch(value):
        raise Invalid(_("Enter the TIN as 10 digits, like 0012345678."), field=field)
    if country == "IN":
        return _indian(value, field)
    if not _TAX.fullmatch(value):
        sentence = _("Enter the tax number in letters and digits, 4 to 24 of them.")
        raise Invalid(sentence, field=field)
    return value


def _indian(value: str, field: str) -> str:
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 - few companies are Indian
    from stdnum.in_ import gstin, pan  # noqa: PLC0415

    kind = gstin if len(value) > 10 else pan
    try:
        return str(kind.validate(value))
    except ValidationError as error:
        sentence = _("Enter the company's PAN, like AAACC1234D, or its GSTIN of 15 characters.")
        raise Invalid(sentence, field=field) from error


def document_number(text: object, field: str) -> str:
    """Return the number of an identity document in capitals, single-spaced. Raises Invalid."""
    value = code(text)
    if not value:
        raise Invalid(_("Enter the number of the document."), field=field)
    if not _DOCUMENT.fullmatch(value):
        sentence = _("Enter the number as shown on the document: 4 to 30 letters and digits.")
        raise Invalid(sentence, field=field)
    return value
