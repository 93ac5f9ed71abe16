"""Tables of people: who they are, how they sign in."""

from . import administration, changes, payout, second_factor
from .attempts import SignInAttempt
from .codes import Otp
from .limits import SignInCounter
from .methods import SignInMethod
from .people import User, UserRole, person_event
from .tokens import RefreshToken, TokenFamily

__all__ = [
    "Otp",
    "RefreshToken",
    "SignInAttempt",
    "SignInCounter",
    "SignInMethod",
    "TokenFamily",
    "User",
    "UserRole",
    "administration",
    "changes",
    "payout",
    "person_event",
    "second_factor",
]
