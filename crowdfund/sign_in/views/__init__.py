"""Pages about signing in: codes, providers, passkeys, wallets, sign-in methods, the profile."""

from crowdfund.sign_in.views import codes, external, methods, oidc, passkeys, profile, wallets
from crowdfund.sign_in.views.blueprint import bp

__all__ = ["bp", "codes", "external", "methods", "oidc", "passkeys", "profile", "wallets"]
