"""Events: what happened, as classes. A feature defines its own, and features above it subscribe.

    @dataclass(frozen=True, kw_only=True)
    class PaymentSettled(Event, name="payment.settled"):
        payment_id: str

    @outbox.on(PaymentSettled, queue="payments")
    def payment_settled(events: list[PaymentSettled]) -> None: ...

    outbox.emit(PaymentSettled(key=payment_id, payment_id=payment_id))

Each subscriber gets a row of its own, so one that fails costs no other its event.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from crowdfund.kernel import clock
from crowdfund.kernel.db import execute_insert_ignore
from crowdfund.kernel.outbox.adding import add_many, new_row
from crowdfund.kernel.outbox.models import outbox_table
from crowdfund.kernel.outbox.registry import SUBSCRIBERS, Row, Subscriber, handler


class Subject(NamedTuple):
    """The thing that an event is about: its kind and id."""

    kind: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events; the fields of a subclass are what the event says, stored as JSON.

    `key` makes an event once for each subscriber: emitting the same key again does nothing.
    """

    name: ClassVar[str]
    key: str

    def __init_subclass__(cls, *, name: str = "", **more: Any) -> None:
        """Name the event; a class without a name is a base of others."""
        super().__init_subclass__(**more)
        if name:
            cls.name = name

    def payload(self) -> dict[str, Any]:
        """Return the fields as JSON values, without the key."""
        found: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json", exclude={"key"})
        return found

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the event of a row. Raises pydantic's ValidationError for a wrong payload."""
        key = row.key.partition(":")[2]  # each subscriber has its kind before it
        event: Self = _adapter(cls).validate_python({**row.payload, "key": key})
        return event


E = TypeVar("E", bound=Event)
Handle = Callable[[list[E]], None]
_ADAPTERS: dict[str, TypeAdapter[Any]] = {}  # by event; made at its first use


def _adapter(event: type[Event]) -> TypeAdapter[Any]:
    if event.name not in _ADAPTERS:
        _ADAPTERS[event.name] = TypeAdapter(event)
    return _ADAPTERS[event.name]


def on(
    event: type[E],
    *,
    queue: str = "default",
    batch: int = 1,
    where: Callable[[E], bool] | None = None,
) -> Callable[[Handle[E]], Handle[E]]:
    """Subscribe a function of a higher feature to an event of a lower one.

    It gets a list of at most `batch` events inside the transaction that marks their rows done.
    Only events for which `where` is true are queued for it.
    """

    def register(function: Handle[E]) -> Handle[E]:
        kind = f"{event.name}>{function.__module__.split('.')[-2]}.{function.__name__}"

        @wraps(function)
        def run(rows: list[Row]) -> None:
            events = [event.of(row) for row in rows]
            if wanted := [one for one in events if where is None or where(one)]:
                function(wanted)

        subscribers = SUBSCRIBERS.setdefault(event.name, {})
        subscribers[kind] = Subscriber(kind, where)
        handler(kind, queue=queue, batch=batch)(run)
        return function

    return register


def emit(event: Event) -> None:
    """Queue an event for all its subscribers in the current transaction."""
    emit_many([event])


def emit_many(events: Iterable[Event]) -> None:
    """Queue several events for all their subscribers in one statement."""
    if items := _items(events):
        add_many(items)


def emit_on(connection: Connection, event: Event) -> None:
    """Do what `emit` does on a transaction of its own, which survives a refusal.

    No worker is woken: the next sweep finds the rows.
    """
    now = clock.now()
    if rows := [new_row(item, now=now, not_before=now) for item in _items([event])]:
        execute_insert_ignore(connection, outbox_table, rows)


def _items(events: Iterable[Event]) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for event in events:
        kinds = [one.kind for one in SUBSCRIBERS.get(event.name, {}).values() if one.wants(event)]
        if kinds:
            payload = event.payload()
            found += [(kind, f"{kind}:{event.key}", payload) for kind in kinds]
    return found
