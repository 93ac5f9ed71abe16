"""Pages: `placing` to invest, `following` for one investment, `portfolio` for all of them."""

from crowdfund.investments.views.blueprint import bp
from crowdfund.investments.views.following import show
from crowdfund.investments.views.placing import new
from crowdfund.investments.views.portfolio import portfolio

__all__ = ["bp", "new", "portfolio", "show"]
