"""Pages of payments and the doors for webhooks."""

from . import desk, inbox, public, webhooks
from .blueprint import bp

__all__ = ["bp", "desk", "inbox", "public", "webhooks"]
