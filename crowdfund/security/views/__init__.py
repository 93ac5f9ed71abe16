"""Pages about the security of an account: second factors, devices, changes that wait."""

from crowdfund.security.views import changes, devices, overview, passkeys, second_factor
from crowdfund.security.views.blueprint import bp

__all__ = ["bp", "changes", "devices", "overview", "passkeys", "second_factor"]
