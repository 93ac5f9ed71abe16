"""Pages: `public` for everyone and for askers, `team` for the company, `desk` for staff."""

from crowdfund.questions.views.blueprint import bp
from crowdfund.questions.views.desk import staff_list
from crowdfund.questions.views.public import index
from crowdfund.questions.views.team import manage

__all__ = ["bp", "index", "manage", "staff_list"]
