"""Sign-in codes: where they go, what they look like, how long they live."""

import hashlib
import hmac
import re
from datetime import timedelta

from ...errors import CrowdfundError, Invalid, TooMany
from ...i18n import _

CODE_DIGITS = 6
# Where too many six-digit codes were guessed, twelve digits are sent: guessing is hopeless there.
LONG_CODE_DIGITS = 12
CODE_LIFETIME = timedelta(minutes=10)
MAX_WRONG_TRIES = 5
HOME_REGION = "ET"  # of numbers written without a country code, like 0911 23 45 67
_PHONE = re.compile(r"\+?[0-9() ./-]{4,30}")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


class WrongCode(CrowdfundError):
    """The code is wrong, used, too old, or was tried too often: one answer for all of them."""

    status = 422
    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            _("This code is not valid. Check the newest message or ask for a new code."), field="code"
        )


class TooManyCodes(TooMany):
    """More codes were asked for than a person needs."""

    code = "too_many_codes"


class GuessedTooOften(TooMany):
    """Six-digit codes are not judged here for now: too many wrong ones came (see rules/limits.py)."""

    code = "guessed_too_often"

    def __init__(self) -> None:
        text = _(
            "Many wrong codes came in, so we do not take six-digit codes here for now. "
            "Ask for a new code: it has twelve digits and works at once."
        )
        super().__init__(text, field="code")


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
    text = text.strip()
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
    import phonenumbers  # noqa: PLC0415

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def code_for(secret: str, otp_id: str, digits: int = CODE_DIGITS) -> str:
    """Return the digits of a sign-in request; derived, so that no code is ever stored."""
    mac = hmac.new(secret.encode(), f"otp:{otp_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(mac[:8]) % 10**digits:0{digits}d}"


def code_matches(secret: str, otp_id: str, typed: str, digits: int = CODE_DIGITS) -> bool:
    """Return whether typed digits are the code; blanks are ignored, the time is constant."""
    cleaned = re.sub(r"[\s-]", "", typed[:100])
    return cleaned.isascii() and hmac.compare_digest(code_for(secret, otp_id, digits), cleaned)
