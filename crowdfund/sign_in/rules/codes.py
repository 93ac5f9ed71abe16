"""Sign-in codes: their digits, their lifetime, what is refused."""

import hashlib
import hmac
import re
from datetime import timedelta

from crowdfund.kernel.errors import CrowdfundError, TooMany
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.i18n import _, ngettext

CODE_DIGITS = 6
# Sent where too many six-digit codes were guessed.
LONG_CODE_DIGITS = 12
CODE_LIFETIME = timedelta(minutes=10)
MAX_WRONG_TRIES = 5


class WrongCode(CrowdfundError):
    """The code is wrong, or there is no such request; `left` is how often it may be tried again."""

    status = 422
    code = "wrong_code"

    def __init__(self, left: int | None = None) -> None:
        text = _("This code is not valid. Check the newest message or ask for a new code.")
        if left is not None:
            many = ngettext("You have %(num)s try left.", "You have %(num)s tries left.", left)
            text = f"{text} {many}"
        super().__init__(text, field="code")


class CodeIsOver(WrongCode):
    """The code was used, has expired, or was entered wrongly too often.

    Only the browser that requested the code learns which; it reveals nothing about the address.
    """

    code = "code_is_over"

    def __init__(self, *, attempts: int, is_used: bool) -> None:
        super().__init__()
        if is_used:
            text = _("This code has already been used. Ask for a new code.")
        elif attempts >= MAX_WRONG_TRIES:
            text = ngettext(
                "This code no longer works, because a wrong code was entered %(num)s time. "
                "Ask for a new code.",
                "This code no longer works, because a wrong code was entered %(num)s times. "
                "Ask for a new code.",
                MAX_WRONG_TRIES,
            )
        else:
            text = _("This code has expired: a code is valid for 10 minutes. Ask for a new code.")
        self.user_message = text


class TooManyCodes(TooMany):
    """More codes were requested than a person needs."""

    code = "too_many_codes"


def wait(window: timedelta) -> str:
    """Return what a person is to do whose requests have filled a window."""
    if window <= timedelta(minutes=1):
        return _(
            "Too many codes were requested. "
            "Wait a minute, then use the newest message or try again."
        )
    if window <= timedelta(hours=1):
        return _(
            "Too many codes were requested. "
            "Use the newest message, sign in another way, or try again in an hour."
        )
    return _(
        "Too many codes were requested. "
        "Use the newest message, sign in another way, or try again tomorrow."
    )


class GuessedTooOften(TooMany):
    """Six-digit codes are paused because of too many wrong ones (see `rules.limits`)."""

    code = "guessed_too_often"

    def __init__(self) -> None:
        text = _(
            "Too many wrong codes were entered, so six-digit codes are paused here. "
            "Ask for a new code: it has twelve digits and works at once."
        )
        super().__init__(text, field="code")


def code_for(secret: str, otp_id: str, digits: int = CODE_DIGITS) -> str:
    """Return the code of a request: derived from the secret, so that it is never stored."""
    mac = hmac.new(secret.encode(), f"otp:{otp_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(mac[:8]) % 10**digits:0{digits}d}"


def code_matches(secret: str, otp_id: str, typed: str, digits: int = CODE_DIGITS) -> bool:
    """Return, in constant time, whether this is the code; spaces and dashes are ignored."""
    cleaned = re.sub(r"[\s-]", "", plain_characters(typed[:100]))
    return cleaned.isascii() and hmac.compare_digest(code_for(secret, otp_id, digits), cleaned)
