"""What is allowed to people and their accounts; pure."""

from .codes import (
    CODE_DIGITS,
    CODE_LIFETIME,
    MAX_SENDS,
    MAX_WRONG_TRIES,
    SEND_WINDOW,
    TooManyCodes,
    WrongCode,
    code_for,
    code_matches,
    normal_email,
)
from .people import (
    KYC_LEVELS,
    REFERRAL_ALPHABET,
    REFERRAL_LENGTH,
    STAFF_ROLES,
    full_name,
    new_referral_code,
)

__all__ = [
    "CODE_DIGITS", "CODE_LIFETIME", "KYC_LEVELS", "MAX_SENDS", "MAX_WRONG_TRIES", "REFERRAL_ALPHABET",
    "REFERRAL_LENGTH", "SEND_WINDOW", "STAFF_ROLES", "TooManyCodes", "WrongCode", "code_for", "code_matches",
    "full_name", "new_referral_code", "normal_email",
]  # fmt: skip
