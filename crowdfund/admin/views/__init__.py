"""Pages for admins: the audit log, users and their roles."""

from . import audit_log, requests, users
from .blueprint import bp

__all__ = ["audit_log", "bp", "requests", "users"]
