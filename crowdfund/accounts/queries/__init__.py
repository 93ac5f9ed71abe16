"""Reads about people and their accounts."""

from .changes import Change, change, change_channels, change_of, changes_of, security_events
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
from .reach import Reach, reach

__all__ = [
    "Change", "Person", "Reach", "change", "change_channels", "change_of", "changes_of", "find_by_email",
    "get", "kyc_counts", "kyc_history", "kyc_level", "load", "names", "otp", "people", "reach",
    "security_events", "staff_with",
]  # fmt: skip
