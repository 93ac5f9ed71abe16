"""Pages of payments and the doors for webhooks."""

from . import desk, exports, inbox, public, webhooks
from .blueprint import bp

__all__ = ["bp", "desk", "exports", "inbox", "public", "webhooks"]
