"""Pages of companies: the wizard, officers, documents, changes, the team."""

from crowdfund.issuers.views import changes, documents, officers, team, wizard
from crowdfund.issuers.views.blueprint import bp

__all__ = ["bp", "changes", "documents", "officers", "team", "wizard"]
