"""Pages of verification: a person's own, the desks for people and for companies."""

from . import companies, nominees, own, people
from .blueprint import bp

__all__ = ["bp", "companies", "nominees", "own", "people"]
