"""Rules of second factors, protected changes and devices; pure."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

import pyotp

from crowdfund.kernel.errors import CrowdfundError, TooMany
from crowdfund.kernel.fields.characters import compact
from crowdfund.kernel.i18n import _, _l
from crowdfund.people.rules import REFERRAL_ALPHABET

ISSUER = "crowdfund"
STEP_S = 30
RECOVERY_COUNT = 10
RECOVERY_LENGTH = 12  # of 25 letters and digits: 56 bits each
# (wrong codes, within): further codes are not checked.
TRY_LIMITS = ((5, timedelta(minutes=15)), (20, timedelta(days=1)))
CHALLENGE_LIFETIME = timedelta(minutes=5)
MAX_CHALLENGES = 30  # a person, within CHALLENGE_LIFETIME
MAX_PASSKEYS = 10


class WrongFactor(CrowdfundError):
    """The code is wrong, too old or used: one answer for all of them."""

    status = 422
    code = "wrong_second_factor"

    def __init__(self, sentence: str = "") -> None:
        text = _("This code is not valid or was already used. Wait for the next one and enter it.")
        super().__init__(sentence or text, field="code")


class TooManyTries(TooMany):
    """More wrong codes than a person types."""

    code = "too_many_tries"

    def __init__(self) -> None:
        text = _("Too many wrong codes. Your account is safe. Wait 15 minutes and try again.")
        super().__init__(text, field="code")


def new_secret() -> str:
    """Return a secret for an authenticator app (base32, 160 bits)."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, name: str) -> str:
    """Return the content of the QR code for the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(moment: datetime) -> int:
    """Return the number of the 30 seconds in which a moment lies."""
    return int(moment.timestamp()) // STEP_S


def code_at(secret: str, step: int) -> str:
    """Return the six digits which the app shows during a step."""
    return pyotp.TOTP(secret).generate_otp(step)


def matching_step(secret: str, typed: str, moment: datetime, *, after: int) -> int | None:
    """Return the step whose code was entered: the present one or a neighbour, later than `after`.

    Clocks of phones differ: one step either way (RFC 6238, 5.2). Blanks are ignored, digits of any
    script are read.
    """
    cleaned = compact(typed[:100])
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
    """Return an entered recovery code in capitals without dashes; empty if it cannot be one."""
    cleaned = compact(typed[:100])
    is_one = len(cleaned) == RECOVERY_LENGTH and all(mark in REFERRAL_ALPHABET for mark in cleaned)
    return cleaned if is_one else ""


HOLD = timedelta(hours=24)
STEP_UP = timedelta(minutes=10)  # the greatest age of a proof for a sensitive action

LABELS: dict[str, str] = {
    "phone": _l("Mobile number"),
    "email": _l("E-mail address"),
    "wallet": _l("Wallet"),
    "oidc": _l("Sign-in with another provider"),
    "payout_account": _l("Payout account"),
    "company_bank_account": _l("Bank account of your company"),
}
# Each of these can sign in: when one changes, every device has to sign in again.
WAYS_IN = frozenset({"phone", "email", "wallet", "oidc"})


@dataclass(frozen=True, slots=True)
class Channel:
    """Where someone is notified: `email` or `sms` and the address."""

    kind: str
    address: str


def masked(value: str) -> str:
    """Return a value so that its owner recognises it and nobody else learns it."""
    if "@" in value:
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}•••@{domain}"
    if value.startswith("0x"):
        return f"{value[:6]}…{value[-4:]}"
    if value.startswith("+"):
        return f"{value[:4]}•••••{value[-2:]}"
    return f"••••{value[-4:]}" if len(value) > 4 else "••••"


def new_channels(kind: str, payload: dict[str, Any]) -> list[Channel]:
    """Return the addresses that a change would add, so that they are notified as well."""
    if payload.get("remove") or kind not in ("email", "phone") or not payload.get("value"):
        return []
    return [Channel("email" if kind == "email" else "sms", str(payload["value"]))]


METHODS: dict[str, str] = {
    "code": _l("by code"),
    "oidc": _l("by another provider"),
    "wallet": _l("by wallet"),
    "passkey": _l("by passkey"),
}
# The first match counts: almost every browser also claims to be Chrome and Safari.
_BROWSERS = (
    (r"\bEdg(e|A|iOS)?/", "Edge"),
    (r"\b(OPR|Opera)/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\b(UCBrowser|UBrowser)/", "UC Browser"),
    (r"\bYaBrowser/", "Yandex Browser"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\b(Firefox|FxiOS)/", "Firefox"),
    (r"\b(Chrome|CriOS|Chromium|HeadlessChrome)/", "Chrome"),
    (r"\bVersion/\S+ .*\bSafari/", "Safari"),
)
_SYSTEMS = (
    (r"\bAndroid\b", "Android"),
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\b(Mac OS X|Macintosh)\b", "Mac"),
    (r"\bLinux\b", "Linux"),
)


def device_name(user_agent: str) -> str:
    """Return a browser's name in plain words, like "Firefox, Windows"."""
    browser = next((name for pattern, name in _BROWSERS if re.search(pattern, user_agent)), "")
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, user_agent)), "")
    return ", ".join(part for part in (browser, system) if part) or _("Unknown device")
