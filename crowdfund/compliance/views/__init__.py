"""Pages of verification: the desk for companies."""

from . import companies
from .blueprint import bp

__all__ = ["bp", "companies"]
