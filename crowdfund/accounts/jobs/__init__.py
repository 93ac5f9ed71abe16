"""What the accounts feature does by itself."""

from . import attempts, changes, limits, proofs

__all__ = ["attempts", "changes", "limits", "proofs"]
