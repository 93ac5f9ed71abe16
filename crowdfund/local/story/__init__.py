"""The demo story: six companies, their campaigns and investors, made through the services."""

from crowdfund.local.story.cast import accounts

__all__ = ["accounts"]
