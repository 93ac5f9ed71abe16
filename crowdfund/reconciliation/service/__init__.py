"""Verbs of reconciliation: `comparing` keeps what a look has found, `following` moves a campaign."""

from .comparing import ask_for_look, keep, keep_one
from .following import Preview, approve, ask, carry_out, preview, refuse, withdraw

__all__ = [
    "Preview",
    "approve",
    "ask",
    "ask_for_look",
    "carry_out",
    "keep",
    "keep_one",
    "preview",
    "refuse",
    "withdraw",
]
