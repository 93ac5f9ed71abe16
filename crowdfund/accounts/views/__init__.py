"""Pages about people: sign in, the account, the desk."""

from . import (
    changes,
    methods,
    oidc,
    passkeys,
    payout,
    profile,
    second_factor,
    security,
    sessions,
    sign_in,
    step_up,
    wallets,
    ways,
)
from .blueprint import bp

__all__ = [
    "bp", "changes", "methods", "oidc", "passkeys", "payout", "profile", "second_factor", "security",
    "sessions", "sign_in", "step_up", "wallets", "ways",
]  # fmt: skip
