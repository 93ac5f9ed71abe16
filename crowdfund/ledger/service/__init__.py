"""The only way in which money moves: `posting` (post, reverse) and `holds` (set aside, capture)."""

from ..rules import Draft, InsufficientFunds, KeyReused, Posting
from .holds import capture_hold, hold, release_hold
from .posting import post, post_many, reverse

__all__ = [
    "Draft",
    "InsufficientFunds",
    "KeyReused",
    "Posting",
    "capture_hold",
    "hold",
    "post",
    "post_many",
    "release_hold",
    "reverse",
]
