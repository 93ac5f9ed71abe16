"""Verbs of companies: `file`, `officers`, `bank`, `papers`, `changes`, `reviews`, `registry`, `team`."""

from . import bank, changes, officers, papers, team
from .file import hold_wallet, save, start, submit
from .registry import again as register_again
from .registry import (
    mark_refused,
    mark_registered,
    mark_registration_failed,
    mark_told,
)
from .reviews import approve, deactivate, reactivate, reject
from .shared import Incomplete, OwnCompany, Taken

__all__ = [
    "Incomplete", "OwnCompany", "Taken", "approve", "bank", "changes", "deactivate", "hold_wallet",
    "mark_refused", "mark_registered", "mark_registration_failed", "mark_told", "officers", "papers",
    "reactivate", "register_again", "reject", "save", "start", "submit", "team",
]  # fmt: skip
