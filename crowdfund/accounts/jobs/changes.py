"""Apply the changes whose day of waiting is over."""

from ... import outbox
from ..service import changes


@outbox.handler("accounts.apply_change")
def apply_change(rows: list[outbox.Row]) -> None:
    """Apply a sensitive change, unless it was cancelled meanwhile."""
    for row in rows:
        changes.apply(row.payload["change_id"])
