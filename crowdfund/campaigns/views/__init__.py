"""Pages of campaigns: `public` for everybody, `editor` for the company, `desk` for staff."""

from .blueprint import bp
from .desk import approvals
from .editor import manage
from .public import index

__all__ = ["approvals", "bp", "index", "manage"]
