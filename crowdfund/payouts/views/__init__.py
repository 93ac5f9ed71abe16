"""Pages of withdrawals: a person's own, and the desk of finance."""

from crowdfund.payouts.views import desk, own
from crowdfund.payouts.views.blueprint import bp

__all__ = ["bp", "desk", "own"]
