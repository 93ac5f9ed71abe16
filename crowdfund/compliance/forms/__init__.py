"""Forms of verification."""

from .companies import ApproveForm, RejectForm

__all__ = ["ApproveForm", "RejectForm"]
