"""The second factor: codes of an authenticator app, recovery codes, and how often one may guess."""

import re
import secrets
from datetime import datetime, timedelta
from hmac import compare_digest

import pyotp

from ...errors import CrowdfundError, TooMany
from ...i18n import _
from .people import REFERRAL_ALPHABET

ISSUER = "crowdfund"
STEP_S = 30
RECOVERY_COUNT = 10
RECOVERY_LENGTH = 12  # of 25 letters and digits: 56 bits each
# (wrong codes, within): what is typed after the last of them is not even looked at.
TRY_LIMITS = ((5, timedelta(minutes=15)), (20, timedelta(days=1)))
CHALLENGE_LIFETIME = timedelta(minutes=5)
MAX_CHALLENGES = 30  # a person, within CHALLENGE_LIFETIME
MAX_PASSKEYS = 10


class WrongFactor(CrowdfundError):
    """The code is wrong, too old or used: one answer for all of them."""

    status = 422
    code = "wrong_second_factor"

    def __init__(self, sentence: str = "") -> None:
        super().__init__(
            sentence or _("This code is not valid or was used already. Wait for the next one and type it."),
            field="code",
        )


class TooManyTries(TooMany):
    """More wrong codes than a person types."""

    code = "too_many_tries"

    def __init__(self) -> None:
        super().__init__(
            _("Too many wrong codes. Your account is safe. Wait 15 minutes and try again."), field="code"
        )


def new_secret() -> str:
    """Return a secret for an authenticator app (base32, 160 bits)."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, name: str) -> str:
    """Return what the QR picture says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(moment: datetime) -> int:
    """Return the number of the 30 seconds in which a moment lies."""
    return int(moment.timestamp()) // STEP_S


def code_at(secret: str, step: int) -> str:
    """Return the six digits which the app shows during a step."""
    return pyotp.TOTP(secret).generate_otp(step)


def matching_step(secret: str, typed: str, moment: datetime, *, after: int) -> int | None:
    """Return the step whose code was typed: this one or a neighbour, later than the last used one.

    Clocks of phones differ: one step either way (RFC 6238, 5.2). Blanks are ignored.
    """
    cleaned = re.sub(r"[\s-]", "", typed)
    if not (cleaned.isascii() and cleaned.isdigit()):
        return None
    now, found = step_of(moment), None
    for step in (now - 1, now, now + 1):
        if compare_digest(code_at(secret, step), cleaned) and step > after and found is None:
            found = step
    return found


def new_recovery_code() -> str:
    """Return one recovery code in groups, like ACDE-FGHJ-KMNP."""
    letters = "".join(secrets.choice(REFERRAL_ALPHABET) for _ in range(RECOVERY_LENGTH))
    return "-".join(letters[place : place + 4] for place in range(0, RECOVERY_LENGTH, 4))


def plain_recovery_code(typed: str) -> str:
    """Return a typed recovery code without groups and in upper case; empty if it cannot be one."""
    cleaned = re.sub(r"[\s-]", "", typed).upper()
    is_one = len(cleaned) == RECOVERY_LENGTH and all(mark in REFERRAL_ALPHABET for mark in cleaned)
    return cleaned if is_one else ""
