"""The verbs of payments: start one, take webhooks in, apply them, decide about exceptions."""

from collections.abc import Callable

from ...adapters import bill_bitts as _bill_bitts  # noqa: F401 - makes the gateway known
from .applying import Unclear, apply_truths, apply_webhooks, load_webhooks
from .exceptions import accept_late, choices, resolve
from .inbox import Accepted, TooLarge, accept, replay
from .starting import (
    Failed,
    check_now,
    initiate_at_gateway,
    keep_customer,
    keep_initiated,
    queue_checks,
    register_at_gateway,
    start,
)

__all__ = [
    "Accepted",
    "Failed",
    "TooLarge",
    "Unclear",
    "accept",
    "accept_late",
    "apply_truths",
    "apply_webhooks",
    "check_now",
    "choices",
    "initiate_at_gateway",
    "keep_customer",
    "keep_initiated",
    "load_webhooks",
    "purpose_url",
    "queue_checks",
    "register_at_gateway",
    "register_purpose",
    "replay",
    "resolve",
    "start",
]

_purposes: dict[str, Callable[[str], str]] = {}


def register_purpose(kind: str, url_of: Callable[[str], str]) -> None:
    """Tell where the status page of a purpose is (a higher feature does so when it is loaded)."""
    _purposes[kind] = url_of


def purpose_url(kind: str, purpose_id: str) -> str | None:
    """Return the status page of what a payment is for, if its feature told one."""
    builder = _purposes.get(kind)
    return builder(purpose_id) if builder else None
