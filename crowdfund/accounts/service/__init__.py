"""Verbs about people: sign in, keep the profile, verify, give roles."""

from . import (
    administration,
    changes,
    devices,
    invitations,
    limits,
    methods,
    passkeys,
    payout,
    second_factor,
    security,
    tokens,
)
from .codes import request_code, sign_in
from .people import (
    choose_language,
    ensure_user,
    give_role,
    open_account,
    person_with,
    save_profile,
    set_kyc_level,
    set_verification,
)

__all__ = [
    "administration", "changes", "choose_language", "devices", "ensure_user", "give_role", "invitations",
    "limits", "methods", "open_account", "passkeys", "payout", "person_with", "request_code",
    "save_profile", "second_factor", "security", "set_kyc_level", "set_verification", "sign_in", "tokens",
]  # fmt: skip
