"""Sensitive changes that addresses outside the account are notified of."""

from dataclasses import dataclass
from typing import Any

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ChangeElsewhere(Event, name="person.change_elsewhere"):
    """A sensitive change concerns addresses that are not the person's yet, or no longer are."""

    change_id: str
    kind: str
    context: dict[str, Any]
    path: str
