"""Forms about people."""

from .desk import ReviewForm
from .methods import AddressForm
from .profile import ProfileForm
from .sign_in import CodeForm, SignInForm

__all__ = ["AddressForm", "CodeForm", "ProfileForm", "ReviewForm", "SignInForm"]
