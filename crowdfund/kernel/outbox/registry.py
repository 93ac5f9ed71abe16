"""Who does what: handlers, subscribers and periodic work, registered by the features' jobs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

QUEUES = ("chain", "payments", "messages", "default")


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row as a handler sees it."""

    id: str
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    failures: int


@dataclass(frozen=True, slots=True)
class Handler:
    """A registered function with its queue and how many rows it takes at once."""

    run: Callable[..., None]
    queue: str
    batch: int
    prepare: Callable[[list[Row]], Any] | None


@dataclass(frozen=True, slots=True)
class Intake:
    """Work that waits in a table of a feature until a worker adds it to the outbox.

    `collect` adds it in the current transaction and returns how much there was; `oldest` returns
    since when the oldest of it has waited, None if nothing waits.
    """

    collect: Callable[[], int]
    oldest: Callable[[], datetime | None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscriber of an event: the kind of its rows, and which events it accepts."""

    kind: str
    where: Callable[[Any], bool] | None = None

    def wants(self, event: object) -> bool:
        """Return whether the event is queued for this subscriber."""
        return self.where is None or self.where(event)


class Retry(Exception):
    """Raised by a handler for "not yet": tried again after the delay, never given up."""

    def __init__(self, delay_s: float, why: str) -> None:
        super().__init__(why)
        self.delay_s = delay_s


@dataclass(frozen=True, slots=True)
class Partial:
    """The result of a `prepare` that had no time for all rows: `left` are the ids to give back."""

    result: Any
    left: frozenset[str]


HANDLERS: dict[str, Handler] = {}
# Queue -> how many rows of a lane may be claimed now; none while its outside is away.
CAPACITIES: dict[str, Callable[[str], int]] = {}
INTAKES: dict[str, Intake] = {}  # by queue
SUBSCRIBERS: dict[str, dict[str, Subscriber]] = {}  # by event and kind of row
TICKS: dict[str, tuple[float, str]] = {}


def handler(
    kind: str, *, queue: str = "default", batch: int = 1, prepare: Callable[..., Any] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function for a kind of row.

    It gets a list of at most `batch` rows inside the transaction that marks them done. With
    `prepare(rows)`, slow outside calls are made first, without a transaction, and their result
    is passed as second argument; for rows with a lane that happens in a thread of the lane.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if kind in HANDLERS and HANDLERS[kind].run.__module__ != function.__module__:
            raise RuntimeError(f"two handlers for {kind}")
        HANDLERS[kind] = Handler(function, queue, batch, prepare)
        return function

    return register


def every(
    seconds: float, name: str, *, queue: str = "default", prepare: Callable[[], Any] | None = None
) -> Callable[..., Any]:
    """Register a function that runs periodically, in the transaction that marks the work done.

    With `prepare()`, what takes time is done first, without a transaction, and its result is the
    function's argument.
    """
    first = None if prepare is None else lambda _rows: prepare()

    def register(function: Callable[..., None]) -> Callable[..., None]:
        TICKS[name] = (seconds, queue)
        handler(name, queue=queue, prepare=first)(lambda _rows, *made: function(*made))
        return function

    return register
