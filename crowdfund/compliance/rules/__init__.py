"""What verification needs, who decides, and what it means; pure."""

from . import facts, nominees, requirements, reviews, standing, texts
from .facts import IDENTITY_KINDS
from .requirements import KIND_NAMES, LEVEL_NAMES, LEVELS, File, Paper, Requirement

__all__ = [
    "IDENTITY_KINDS", "KIND_NAMES", "LEVELS", "LEVEL_NAMES", "File", "Paper", "Requirement", "facts",
    "nominees", "requirements", "reviews", "standing", "texts",
]  # fmt: skip
