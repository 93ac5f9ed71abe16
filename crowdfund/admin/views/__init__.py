"""Pages for admins: the audit log, users and their roles."""

from crowdfund.admin.views import audit_log, requests, users
from crowdfund.admin.views.blueprint import bp

__all__ = ["audit_log", "bp", "requests", "users"]
