"""The demo story: six companies, their campaigns and investors, made through the services."""

from .cast import accounts

__all__ = ["accounts"]
