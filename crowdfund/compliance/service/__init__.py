"""Verbs of verification: keep facts and documents, ask for a level, decide, expire; nominees."""

from . import nominees
from .files import attach, kind_to_upload, remove, save_facts
from .reviews import (
    NotComplete,
    approve,
    changed,
    decide_document,
    expire,
    locked_file,
    reject,
    remind,
    reopen,
    revoke,
    submit,
)

__all__ = [
    "NotComplete", "approve", "attach", "changed", "decide_document", "expire", "kind_to_upload",
    "locked_file", "nominees", "reject", "remind", "remove", "reopen", "revoke", "save_facts", "submit",
]  # fmt: skip
