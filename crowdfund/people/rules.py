"""People: names, staff roles, levels of verification, referral codes."""

import secrets
from dataclasses import dataclass

KYC_LEVELS = ("none", "basic", "enhanced")
STAFF_ROLES = ("admin", "compliance", "finance", "regulator")
# Upper-case letters and digits that nobody reads for one another: no 0 O, 1 I L, 2 Z, 5 S, 8 B.
REFERRAL_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"
REFERRAL_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is known of a person whose account is being opened: verified, or from an operator."""

    email: str | None = None
    name: str = ""
    phone: str = ""
    sponsor_id: str | None = None


def new_referral_code() -> str:
    """Return eight random letters and digits of the unambiguous alphabet (rules.md, People)."""
    return "".join(secrets.choice(REFERRAL_ALPHABET) for _place in range(REFERRAL_LENGTH))
