"""Forms about people."""

from .desk import ReviewForm
from .profile import ProfileForm
from .sign_in import CodeForm, EmailForm

__all__ = ["CodeForm", "EmailForm", "ProfileForm", "ReviewForm"]
