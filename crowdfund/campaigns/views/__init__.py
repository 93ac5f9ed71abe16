"""Pages of campaigns: `public` for everybody, `editor` and `papers` for the company, `desk` for staff."""

from .blueprint import bp
from .desk import approvals
from .editor import manage
from .papers import documents
from .public import index

__all__ = ["approvals", "bp", "documents", "index", "manage"]
