"""Pages about people: sign in, the account, the desk."""

from . import changes, desk, methods, passkeys, profile, second_factor, security, sign_in, step_up
from .blueprint import bp

__all__ = [
    "bp", "changes", "desk", "methods", "passkeys", "profile", "second_factor", "security", "sign_in",
    "step_up",
]  # fmt: skip
