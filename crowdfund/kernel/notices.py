"""Events by which features below notifications request a message."""

from dataclasses import dataclass, field
from typing import Any

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PersonNotice(Event, name="person.notice"):
    """A person is to get a notice of a kind; `context` are the values of its sentence."""

    person_id: str
    kind: str
    context: dict[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class StaffWork(Event, name="staff.work"):
    """The queue of a kind of staff work has grown."""

    kind: str
