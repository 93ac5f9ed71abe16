"""What the accounts feature does by itself."""

from . import changes, limits

__all__ = ["changes", "limits"]
