"""What the accounts feature does by itself."""

from . import changes

__all__ = ["changes"]
