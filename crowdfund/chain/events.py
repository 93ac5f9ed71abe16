"""Events for the features that write to the chain, and events that others have caused there."""

from dataclasses import dataclass
from typing import Any

from crowdfund.kernel.outbox import Event, Subject


@dataclass(frozen=True)
class Log:
    """An event of a contract, as a confirmed write caused it."""

    contract: str
    address: str
    event: str
    args: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WriteEvent(Event):
    """Base: the write, and the thing that it is about."""

    intent_id: str
    contract: str
    address: str
    function: str
    args: list[Any]
    subject: Subject


@dataclass(frozen=True, kw_only=True)
class WriteConfirmed(WriteEvent, name="chain.confirmed"):
    """A write is final; `events` are the contracts' events that belong to it."""

    tx_hash: str
    block: int
    events: list[Log]


@dataclass(frozen=True, kw_only=True)
class WriteFailed(WriteEvent, name="chain.failed"):
    """A contract refuses a write for good."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ContractEvent(Event, name="chain.event"):
    """An event of one of our contracts that none of our writes caused, final."""

    contract: str
    address: str
    event: str
    args: dict[str, Any]
    tx_hash: str
    ordinal: int
    block: int


@dataclass(frozen=True, kw_only=True)
class RequestDone(Event, name="chain.request_done"):
    """What admins had confirmed about a key, role or wallet is done on chain."""

    request_id: str
    kind: str
    subject_id: str
    address: str
