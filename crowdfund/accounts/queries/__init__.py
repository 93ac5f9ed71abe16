"""Reads about people and their accounts."""

from .changes import Change, change, change_channels, change_of, changes_of, security_events
from .codes import otp
from .methods import has_verified_phone, method_of, methods_of
from .people import (
    PEOPLE,
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
from .reach import Reach, reach

__all__ = [
    "PEOPLE",
    "Change", "Person", "Reach", "change", "change_channels", "change_of", "changes_of",
    "find_by_email", "get", "has_verified_phone", "kyc_counts", "kyc_history", "kyc_level", "load",
    "method_of", "methods_of", "names", "otp", "people", "reach", "security_events", "staff_with",
]  # fmt: skip
