"""Pages of companies: the wizard, officers, papers, changes, the team."""

from . import changes, officers, papers, team, wizard
from .blueprint import bp

__all__ = ["bp", "changes", "officers", "papers", "team", "wizard"]
