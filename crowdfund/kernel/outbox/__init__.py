"""Durable background work: SQL rows are the record, RQ and Redis only wake workers.

A verb adds a row in its own transaction. After the commit Redis says which queue has work; the
relay enqueues one drain job; the drain claims rows under a lease, runs the handler and marks the
rows done in the transaction that holds the effect. A sweeper finds the work of a lost message.
"""

from crowdfund.kernel.outbox.adding import add, add_by_driver, add_many, revive
from crowdfund.kernel.outbox.draining import CLAIM, MAX_FAILURES, drain, drain_all
from crowdfund.kernel.outbox.events import Event, Subject, emit, emit_many, emit_on, on
from crowdfund.kernel.outbox.heartbeats import RELAY, beat, beats, dead, worker_name
from crowdfund.kernel.outbox.lateness import SILENT_AFTER, late, overdue, relay_is_silent, unqueued
from crowdfund.kernel.outbox.leases import LEASE
from crowdfund.kernel.outbox.models import KEY_LENGTH, Heartbeat, Outbox, Schedule, outbox_table
from crowdfund.kernel.outbox.purging import purge
from crowdfund.kernel.outbox.registry import (
    CAPACITIES,
    HANDLERS,
    INTAKES,
    QUEUES,
    SUBSCRIBERS,
    TICKS,
    Handler,
    Intake,
    Partial,
    Retry,
    Row,
    Subscriber,
    every,
    handler,
)
from crowdfund.kernel.outbox.relay import due_queues, enqueue_drain, run_relay, tick
from crowdfund.kernel.outbox.waking import CHANNEL, redis_client, wake_workers

__all__ = [
    "CAPACITIES",
    "CHANNEL",
    "CLAIM",
    "HANDLERS",
    "INTAKES",
    "KEY_LENGTH",
    "LEASE",
    "MAX_FAILURES",
    "QUEUES",
    "RELAY",
    "SILENT_AFTER",
    "SUBSCRIBERS",
    "TICKS",
    "Event",
    "Handler",
    "Heartbeat",
    "Intake",
    "Outbox",
    "Partial",
    "Retry",
    "Row",
    "Schedule",
    "Subject",
    "Subscriber",
    "add",
    "add_by_driver",
    "add_many",
    "beat",
    "beats",
    "dead",
    "drain",
    "drain_all",
    "due_queues",
    "emit",
    "emit_many",
    "emit_on",
    "enqueue_drain",
    "every",
    "handler",
    "late",
    "on",
    "outbox_table",
    "overdue",
    "purge",
    "redis_client",
    "relay_is_silent",
    "revive",
    "run_relay",
    "tick",
    "unqueued",
    "wake_workers",
    "worker_name",
]
