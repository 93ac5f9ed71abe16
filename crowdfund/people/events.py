"""What changes about a person."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Event, name="person.changed"):
    """The name or number in a profile is another one now."""

    person_id: str
