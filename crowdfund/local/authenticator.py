"""The demo staff's authenticator app: secrets that the local stack can always work out again.

They follow from the installation's own SECRET_KEY, so nothing is stored, and no two installations
share them. Only the demo story enrols them; in production there is none.
"""

import base64
import hmac
from dataclasses import dataclass

import pyotp

from crowdfund.kernel import clock
from crowdfund.local.story import cast

STEP_S = 30


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the authenticator."""

    role: str
    name: str
    email: str
    code: str
    next_code: str


def secret(secret_key: str, email: str) -> str:
    """Return the secret (base32) of a demo person's authenticator app."""
    digest = hmac.digest(secret_key.encode(), f"demo authenticator {email}".encode(), "sha1")
    return base64.b32encode(digest).decode()


def seconds_left() -> int:
    """Return how long the codes of now are still shown."""
    return STEP_S - int(clock.real().timestamp()) % STEP_S


def codes(secret_key: str) -> list[Shown]:
    """Return what the apps of the demo staff show now."""
    step = int(clock.real().timestamp()) // STEP_S
    found = []
    for role, name, _roles in cast.STAFF:
        email = cast.email(name)
        app = pyotp.TOTP(secret(secret_key, email))
        found.append(Shown(role, name, email, app.generate_otp(step), app.generate_otp(step + 1)))
    return found
