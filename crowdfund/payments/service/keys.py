"""Keys of exceptions: one for each thing that staff decide about, so a decision covers only that.

A key names what was claimed. Dismissing "the gateway says SUCCESS, no webhook arrived" decides
nothing about the SETTLED of tomorrow, which has a key of its own.
"""

import hashlib
from collections.abc import Iterable

from crowdfund.adapters.gateways import STATUSES
from crowdfund.payments.rules import Kind, Report

FOREIGN, UNCLEAR = "foreign", "unclear"


def payment(payment_id: str, name: str) -> str:
    """Return the key of something about a payment."""
    return f"payment:{payment_id}:{name}"


def is_named(key: str, payment_id: str, name: str) -> bool:
    """Return whether a key belongs to a payment's name, or to a part of it."""
    own = payment(payment_id, name)
    return key == own or key.startswith(own + ":")


def transaction(gateway: str, tx_id: str, name: str) -> str:
    """Return the key of something about a transaction that none of our payments has."""
    return f"tx:{gateway}:{tx_id}:{name}"


def missing(status: str) -> str:
    """Return the name of a status for which no webhook has come."""
    return f"{Kind.WEBHOOK_MISSING}:{status}"


def all_missing() -> list[str]:
    """Return the names under which a missing webhook can be known."""
    return [missing(status) for status in STATUSES]


def claims_money(key: str) -> bool:
    """Return whether a key is about money that the gateway has, and no webhook has said so."""
    return key.endswith(f":{missing('SETTLED')}")


def ahead(event: Report) -> str:
    """Return the name of a webhook that the gateway does not confirm yet."""
    return f"ahead:{event.status}"


def differs(event: Report, truth: str) -> str:
    """Return the name of a contradiction between a webhook and the gateway's status."""
    figures = f"{event.amount_minor}|{event.currency}|{event.customer_ref}"
    return f"differs:{_digest(f'{event.status}|{figures}|{truth}')}"


def foreign(why: str) -> str:
    """Return the name of an answer about something else."""
    return f"{FOREIGN}:{_digest(why)}"


def of_event(event: Report) -> Iterable[str]:
    """Return every name that exceptions about a webhook can have, to close them when it agrees."""
    return [FOREIGN, UNCLEAR, ahead(event), *(differs(event, status) for status in STATUSES)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
