"""Pages: `public` for everyone, `team` for the company, `desk` for staff."""

from crowdfund.updates.views.blueprint import bp
from crowdfund.updates.views.desk import staff_list
from crowdfund.updates.views.public import index
from crowdfund.updates.views.team import manage

__all__ = ["bp", "index", "manage", "staff_list"]
