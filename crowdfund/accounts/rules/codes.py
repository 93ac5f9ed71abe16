"""Sign-in codes: what they look like, how long they live, how often they may be asked for."""

import hashlib
import hmac
import re
from datetime import timedelta

from ...errors import CrowdfundError, Invalid, TooMany

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
MAX_WRONG_TRIES = 5
MAX_SENDS = 5
SEND_WINDOW = timedelta(minutes=1)
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


class WrongCode(CrowdfundError):
    """The code is wrong, used, too old, or was tried too often: one answer for all of them."""

    status = 422
    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            "This code is not valid. Check the newest e-mail or ask for a new code.", field="code"
        )


class TooManyCodes(TooMany):
    """More codes were asked for than a person needs."""

    code = "too_many_codes"


def normal_email(text: str) -> str:
    """Return an address in lower case; raises Invalid for what is not one."""
    address = text.strip().lower()
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise Invalid("Enter an e-mail address, like name@example.com.", field="email")
    return address


def code_for(secret: str, otp_id: str) -> str:
    """Return the six digits of a sign-in request; derived, so that no code is ever stored."""
    mac = hmac.new(secret.encode(), f"otp:{otp_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(mac[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def code_matches(secret: str, otp_id: str, typed: str) -> bool:
    """Return whether typed digits are the code; blanks are ignored, the time is constant."""
    cleaned = re.sub(r"[\s-]", "", typed)
    return cleaned.isascii() and hmac.compare_digest(code_for(secret, otp_id), cleaned)
