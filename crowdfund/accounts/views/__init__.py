"""Pages about people: sign in, the account, the desk."""

from . import desk, methods, profile, sign_in
from .blueprint import bp

__all__ = ["bp", "desk", "methods", "profile", "sign_in"]
