"""Tables of people: who they are, how they sign in."""

from .codes import Otp
from .methods import SignInMethod
from .people import User, UserRole, person_event
from .tokens import RefreshToken, TokenFamily

__all__ = ["Otp", "RefreshToken", "SignInMethod", "TokenFamily", "User", "UserRole", "person_event"]
