"""E-mail addresses, phone numbers and postal codes that people type; pure."""

import re

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import code, plain_characters, trimmed
from crowdfund.kernel.i18n import _

HOME_REGION = "ET"  # of numbers written without a country code, like 0911 23 45 67
_PHONE = re.compile(r"\+?[0-9() ./-]{4,30}")
_EXTENSION = re.compile(
    r"[0-9)][\s,;-]*(?:ext(?:ension|n)?|x|#)[\s.:=]*[0-9]+\s*$", re.ASCII | re.IGNORECASE
)
# Ethiopia gives out further blocks of mobile numbers; `phonenumbers` knows those of its release.
# A code that arrives is the proof.
_NEW_BLOCK = re.compile(r"251[79][0-9]{8}")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")
_TOP_LEVEL = re.compile(r"\.[a-z][a-z0-9-]*[a-z0-9]$")
_POSTAL = re.compile(r"[0-9A-Z][0-9A-Z -]{1,11}", re.ASCII)


def identifier(text: str) -> tuple[str, str]:
    """Return kind (email, phone) and normal form of what a person signs in with; raises Invalid."""
    try:
        if "@" in text:
            return "email", email(text)
        return "phone", phone(text, mobile=True)
    except Invalid:
        sentence = _(
            "Enter an e-mail address, like name@example.com, or a mobile number, "
            "like +251 91 123 4567."
        )
        raise Invalid(sentence, field="identifier") from None


def email(text: object, field: str = "email") -> str:
    """Return an address in lower case, at most 254 characters. Raises Invalid."""
    address = trimmed(text).lower()
    is_one = len(address) <= 254 and _EMAIL.fullmatch(address) and _TOP_LEVEL.search(address)
    if not is_one or ".." in address:
        raise Invalid(_("Enter an e-mail address, like name@example.com."), field=field)
    return address


def phone(
    text: object,
    field: str = "phone",
    *,
    region: str | None = None,
    needs_country: bool = False,
    mobile: bool = False,
) -> str:
    """Return a phone number in E.164. Raises Invalid.

    Without a country code it is a number of `region`; without that one, a leading 0 means Ethiopia,
    unless the number `needs_country`. `mobile` refuses a number that gets no SMS.
    """
    sentence = (
        _("Enter a phone number with its country code, like +251 91 123 4567.")
        if region
        else _("Enter a mobile number with its country code, like +251 91 123 4567.")
    )
    value = plain_characters(str(text or "")).strip()
    if _EXTENSION.search(value):
        raise Invalid(_("Enter the number without its extension: we cannot dial one."), field=field)
    if not value.isascii() or not _PHONE.fullmatch(value):
        raise Invalid(sentence, field=field)
    import phonenumbers  # 1 MB and 15 ms

    home = HOME_REGION if value.startswith("0") and not needs_country else None
    try:
        number = phonenumbers.parse(value, region or home)
    except phonenumbers.NumberParseException as error:
        raise Invalid(sentence, field=field) from error
    is_new = _NEW_BLOCK.fullmatch(f"{number.country_code}{number.national_number}")
    if not is_new and not phonenumbers.is_valid_number(number):
        raise Invalid(sentence, field=field)
    kinds = phonenumbers.PhoneNumberType
    mobiles = (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE)
    if mobile and not is_new and phonenumbers.number_type(number) not in mobiles:
        raise Invalid(_("This number gets no SMS. Enter a mobile number."), field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown_phone(number: str) -> str:
    """Return an E.164 number with the blanks that people write, like +251 91 123 4567."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def postal_code(text: object, field: str = "postal_code") -> str:
    """Return a postal code in capitals, empty where nothing was typed: many places have none.

    Raises Invalid.
    """
    value = code(text)
    if value and not _POSTAL.fullmatch(value):
        raise Invalid(
            _("Enter the postal code in letters and digits, or leave it empty."), field=field
        )
    return value
