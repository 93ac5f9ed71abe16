"""Pages of verification: a person's own, the desks for people and for companies."""

from crowdfund.compliance.views import companies, nominees, own, people
from crowdfund.compliance.views.blueprint import bp

__all__ = ["bp", "companies", "nominees", "own", "people"]
