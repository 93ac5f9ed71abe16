"""Verbs of verification: keep facts and documents, ask for a level, decide, expire; nominees."""

from . import nominees
from .asking import NotComplete, changed, reopen, submit
from .files import attach, remove, save_facts
from .lasting import expire, remind
from .reviews import approve, decide_document, decide_payout, reject, revoke
from .shared import locked_file

__all__ = [
    "NotComplete", "approve", "attach", "changed", "decide_document", "decide_payout", "expire",
    "locked_file", "nominees", "reject", "remind", "remove", "reopen", "revoke", "save_facts", "submit",
]  # fmt: skip
