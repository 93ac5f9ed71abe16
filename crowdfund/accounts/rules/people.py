"""People: names, staff roles, levels of verification, referral codes."""

import secrets

KYC_LEVELS = ("none", "basic", "enhanced")
STAFF_ROLES = ("admin", "compliance", "finance", "regulator")
# Upper-case letters and digits that nobody reads for one another: no 0 O, 1 I L, 2 Z, 5 S, 8 B.
REFERRAL_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"
REFERRAL_LENGTH = 8


def new_referral_code() -> str:
    """Return eight random letters and digits of the unambiguous alphabet (rules.md, People)."""
    return "".join(secrets.choice(REFERRAL_ALPHABET) for _ in range(REFERRAL_LENGTH))


def full_name(first: str, last: str) -> str:
    """Return the name as shown; empty when neither part is known."""
    return f"{first} {last}".strip()
