"""Reads about people and their accounts."""

from .codes import otp
from .people import (
    Person,
    find_by_email,
    get,
    kyc_counts,
    kyc_history,
    kyc_level,
    load,
    names,
    people,
    staff_with,
)

__all__ = [
    "Person", "find_by_email", "get", "kyc_counts", "kyc_history", "kyc_level", "load", "names", "otp",
    "people", "staff_with",
]  # fmt: skip
