"""Verbs about people: sign in, keep the profile, verify, give roles."""

from . import changes, security, tokens
from .codes import request_code, sign_in
from .people import (
    ensure_user,
    give_role,
    normal_phone,
    open_account,
    person_with,
    save_profile,
    set_kyc_level,
    set_verification,
    verify,
)

__all__ = [
    "changes", "ensure_user", "give_role", "normal_phone", "open_account", "person_with", "request_code",
    "save_profile", "security", "set_kyc_level", "set_verification", "sign_in", "tokens", "verify",
]  # fmt: skip
