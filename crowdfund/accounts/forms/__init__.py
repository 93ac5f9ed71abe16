"""Forms about people."""

from .methods import AddressForm
from .profile import ProfileForm
from .sign_in import CodeForm, SignInForm

__all__ = ["AddressForm", "CodeForm", "ProfileForm", "SignInForm"]
