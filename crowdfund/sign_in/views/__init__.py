"""Pages about signing in: codes, identity providers, wallets, sign-in methods, the profile."""

from crowdfund.sign_in.views import codes, external, methods, oidc, profile, wallets
from crowdfund.sign_in.views.blueprint import bp

__all__ = ["bp", "codes", "external", "methods", "oidc", "profile", "wallets"]
