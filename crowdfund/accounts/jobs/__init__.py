"""What the accounts feature does by itself."""

from . import attempts, changes, limits

__all__ = ["attempts", "changes", "limits"]
