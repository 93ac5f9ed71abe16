"""Pages: `public` for everyone, `team` for the company, `investor`, `desk` for staff."""

from crowdfund.term_changes.views.blueprint import bp
from crowdfund.term_changes.views.desk import staff_list
from crowdfund.term_changes.views.investor import ask
from crowdfund.term_changes.views.public import versions
from crowdfund.term_changes.views.team import manage

__all__ = ["ask", "bp", "manage", "staff_list", "versions"]
