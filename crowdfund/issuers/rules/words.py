"""What may be typed: plain lines, choices, numbers of registers, addresses of mail and money."""

import re
from collections.abc import Callable, Container, Mapping
from datetime import date
from typing import TypeVar

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _

T = TypeVar("T")
Values = Mapping[str, object]

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_TIN = re.compile(r"[0-9A-Z][0-9A-Z./-]{3,23}", re.ASCII)
_TIN_ETHIOPIA = re.compile(r"[0-9]{10}", re.ASCII)
_REGISTRATION = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z ./-]{2,39}", re.ASCII)
_POSTAL = re.compile(r"[0-9A-Z][0-9A-Z -]{1,11}", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}", re.ASCII)


def line(text: object, field: str, name: str, *, least: int = 2, most: int = 120) -> str:
    """Return one line of plain text without markup or hidden characters. Raises Invalid."""
    value = " ".join(str(text or "").split())
    if not value:
        raise Invalid(_("Enter %(name)s.", name=name), field=field)
    return _plain(value, field, name, least=least, most=most)


def block(text: object, field: str, name: str, *, least: int = 2, most: int = 500) -> str:
    """Return several lines of plain text without markup or hidden characters. Raises Invalid."""
    value = "\n".join(part.strip() for part in str(text or "").strip().splitlines())
    if not value:
        raise Invalid(_("Enter %(name)s.", name=name), field=field)
    return _plain(value, field, name, least=least, most=most)


def maybe_line(text: object, field: str, name: str, *, most: int = 120) -> str | None:
    """Return one line of plain text, or None where nothing was typed. Raises Invalid."""
    return line(text, field, name, most=most) if str(text or "").strip() else None


def _plain(value: str, field: str, name: str, *, least: int, most: int) -> str:
    what = name[0].upper() + name[1:]
    if "<" in value or ">" in value or _CONTROL.search(value):
        raise Invalid(
            _("%(what)s must be plain text, without < or > or hidden characters.", what=what),
            field=field,
        )
    if len(value) > most:
        raise Invalid(
            _(
                "%(what)s must be at most %(most)s characters; this is %(now)s.",
                what=what,
                most=most,
                now=len(value),
            ),
            field=field,
        )
    if len(value) < least:
        raise Invalid(
            _("%(what)s must be at least %(least)s characters.", what=what, least=least),
            field=field,
        )
    return value


def pick(text: object, field: str, name: str, choices: Container[str]) -> str:
    """Return one of the choices. Raises Invalid."""
    value = str(text or "")
    if value not in choices:
        raise Invalid(_("Choose %(name)s from the list.", name=name), field=field)
    return value


def parse_registration(text: object) -> str:
    """Return a company's registration number. Raises Invalid."""
    value = " ".join(str(text or "").split()).upper()
    if not _REGISTRATION.fullmatch(value):
        raise Invalid(
            _("Enter the registration number as on the licence, like MT/AA/1/0012345/2015."),
            field="registration_no",
        )
    return value


def parse_tin(text: object, country: str) -> str:
    """Return a tax number in capitals: 10 digits, or PAN or GSTIN (India). Raises Invalid."""
    tin = str(text or "").strip().upper()
    if country == "ET" and not _TIN_ETHIOPIA.fullmatch(tin):
        raise Invalid(_("Enter the TIN as 10 digits, like 0012345678."), field="tin")
    if country == "IN":
        return _indian_tin(tin)
    if not _TIN.fullmatch(tin):
        raise Invalid(
            _("Enter the tax number in letters and digits, 4 to 24 of them."), field="tin"
        )
    return tin


def _indian_tin(tin: str) -> str:
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 - few companies are Indian
    from stdnum.in_ import gstin, pan  # noqa: PLC0415

    kind = gstin if len(tin) > 10 else pan
    try:
        return str(kind.validate(tin))
    except ValidationError as error:
        raise Invalid(
            _("Enter the company's PAN, like AAACC1234D, or its GSTIN of 15 characters."),
            field="tin",
        ) from error


def parse_email(text: object, field: str = "contact_email") -> str:
    """Return an e-mail address, domain in lower case. Raises Invalid."""
    value = str(text or "").strip()
    if not _EMAIL.fullmatch(value) or ".." in value:
        raise Invalid(_("Enter an e-mail address, like name@company.com."), field=field)
    name, _at, domain = value.rpartition("@")
    return f"{name}@{domain.lower()}"


def parse_phone(text: object, country: str | None = "ET") -> str:
    """Return a phone number as E.164, read as a local one of `country`. Raises Invalid."""
    value = str(text or "").strip()
    problem = Invalid(
        _("Enter a phone number with its country code, like +251 91 123 4567."),
        field="contact_phone",
    )
    if not value.isascii() or len(value) > 32:
        raise problem
    import phonenumbers  # noqa: PLC0415 - 1 MB and 15 ms at the start of every process

    try:
        number = phonenumbers.parse(value, country or None)
    except phonenumbers.NumberParseException as error:
        raise problem from error
    if not phonenumbers.is_valid_number(number):
        raise problem
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def parse_postal_code(text: object) -> str | None:
    """Return a postal code in capitals, or None: many places have none. Raises Invalid."""
    code = " ".join(str(text or "").upper().split())
    if code and not _POSTAL.fullmatch(code):
        raise Invalid(
            _("Enter the postal code in letters and digits, or leave it out."), field="postal_code"
        )
    return code or None


def parse_wallet(text: object) -> str:
    """Return an address with a correct EIP-55 checksum. Raises Invalid.

    All-lower-case addresses have no checksum; a typing mistake in one would send a whole raise
    to nobody, so they are refused.
    """
    address = str(text or "").strip()
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address, re.ASCII):
        raise Invalid(
            _("Enter an address of 0x and 40 letters and digits."), field="wallet_address"
        )
    if not int(address, 16):
        raise Invalid(
            _("Money sent to the zero address is lost. Enter your own."), field="wallet_address"
        )
    from eth_utils.address import is_checksum_address  # noqa: PLC0415 - 5 MB and 35 ms, for one field

    if not is_checksum_address(address):
        raise Invalid(
            _(
                "The checksum does not match. Copy the address from your wallet with its capital "
                "letters."
            ),
            field="wallet_address",
        )
    return address


def parse_day(text: object, field: str, name: str) -> date:
    """Return a day typed as 2026-06-15. Raises Invalid."""
    value = str(text or "").strip()
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError as error:
        sentence = _("Enter %(name)s as year-month-day, like 1980-06-15.", name=name)
        raise Invalid(sentence, field=field) from error


def parse_reason(text: object) -> str:
    """Return why something was rejected, which its owner will read. Raises Invalid."""
    return block(text, "reason", _("the reason"), least=10, most=1000)


def collect(
    cleaners: Mapping[str, Callable[[Values], T]], values: Values
) -> tuple[dict[str, T], dict[str, str]]:
    """Run each field's check; return the good values and the sentences of the others."""
    good: dict[str, T] = {}
    errors: dict[str, str] = {}
    for name, check in cleaners.items():
        try:
            good[name] = check(values)
        except Invalid as error:
            errors[name] = error.user_message
    return good, errors
