"""What changes about a person."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Event, name="person.changed"):
    """The name or phone number in a profile has changed."""

    person_id: str


@dataclass(frozen=True, kw_only=True)
class AccountClosed(Event, name="person.closed"):
    """Staff have closed an account; its money and history stay."""

    person_id: str
