"""What people type, brought into its normal form or refused with a sentence; pure."""

import re
import unicodedata

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _

HOME_REGION = "ET"  # of numbers written without a country code, like 0911 23 45 67
_PHONE = re.compile(r"\+?[0-9() ./-]{4,30}")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


def plain_characters(text: str) -> str:
    """Return a number or code as typed, in plain characters.

    Full-width letters and digits of any script become ASCII, dashes of any length a hyphen, spaces of
    any width a space; characters that cannot be seen are dropped.
    """
    return "".join(map(_plain_character, unicodedata.normalize("NFKC", text)))


def _plain_character(mark: str) -> str:
    kind = unicodedata.category(mark)
    if kind == "Nd":
        return str(unicodedata.digit(mark))
    if kind == "Pd" or mark == "\u2212":  # the minus sign
        return "-"
    if kind == "Cf":  # zero-width characters and marks of direction
        return ""
    return " " if kind == "Zs" else mark


def identifier(text: str) -> tuple[str, str]:
    """Return kind (email, phone) and normal form of what a person signs in with; raises Invalid."""
    try:
        if "@" in text:
            return "email", normal_email(text)
        return "phone", normal_phone(text, mobile=True)
    except Invalid:
        sentence = _(
            "Enter an e-mail address, like name@example.com, or a mobile number, like +251 91 123 4567."
        )
        raise Invalid(sentence, field="identifier") from None


def normal_email(text: str) -> str:
    """Return an address in lower case; raises Invalid for what is not one."""
    address = text.strip().lower()
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise Invalid(_("Enter an e-mail address, like name@example.com."), field="email")
    return address


def normal_phone(text: str, *, mobile: bool = False) -> str:
    """Return a phone number in E.164; `mobile` refuses what gets no SMS. Raises Invalid."""
    sentence = _("Enter a mobile number with its country code, like +251 91 123 4567.")
    text = plain_characters(text).strip()
    if not text.isascii() or not _PHONE.fullmatch(text):
        raise Invalid(sentence, field="phone")
    import phonenumbers  # noqa: PLC0415 - 1 MB and 15 ms at the start of every process

    try:
        number = phonenumbers.parse(text, HOME_REGION if text.startswith("0") else None)
    except phonenumbers.NumberParseException as error:
        raise Invalid(sentence, field="phone") from error
    if not phonenumbers.is_valid_number(number):
        raise Invalid(sentence, field="phone")
    kinds = phonenumbers.PhoneNumberType
    mobiles = (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE)
    if mobile and phonenumbers.number_type(number) not in mobiles:
        raise Invalid(_("This number gets no SMS. Enter a mobile number."), field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown_phone(number: str) -> str:
    """Return an E.164 number with the blanks that people write, like +251 91 123 4567."""
    import phonenumbers  # noqa: PLC0415 - as above

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
