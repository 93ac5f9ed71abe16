"""Tables of people: who they are, how they sign in."""

from .codes import Otp
from .methods import SignInMethod
from .people import User, UserRole, person_event

__all__ = ["Otp", "SignInMethod", "User", "UserRole", "person_event"]
