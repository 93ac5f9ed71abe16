"""Pages about notices: the bell, the list, the choices, the desk."""

from . import choices, desk, notices, preview
from .blueprint import bp

__all__ = ["bp", "choices", "desk", "notices", "preview"]
