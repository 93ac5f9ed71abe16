"""The verbs of payments: start one, take webhooks in, apply them, decide about exceptions."""

from ...adapters import bill_bitts as _bill_bitts  # noqa: F401 - makes the gateway known
from .answers import Foreign, Unclear
from .applying import apply_truths, apply_webhooks, says_nothing_new
from .exceptions import accept_late, choices, open_one, resolve
from .inbox import Accepted, TooLarge, accept, replay, replay_all
from .listing import Listed, compare_listed
from .purposes import purpose_url, register_purpose
from .refusals import purge as purge_refused
from .starting import (
    Failed,
    check_now,
    initiation,
    keep_customer,
    keep_initiated,
    missing_contact,
    queue_checks,
    registration,
    start,
)
from .webhooks import Webhook, oldest_received
from .webhooks import collect as collect_webhooks
from .webhooks import load as load_webhooks

__all__ = [
    "Accepted",
    "Failed",
    "Foreign",
    "Listed",
    "TooLarge",
    "Unclear",
    "Webhook",
    "accept",
    "accept_late",
    "apply_truths",
    "apply_webhooks",
    "check_now",
    "choices",
    "collect_webhooks",
    "compare_listed",
    "initiation",
    "keep_customer",
    "keep_initiated",
    "load_webhooks",
    "missing_contact",
    "oldest_received",
    "open_one",
    "purge_refused",
    "purpose_url",
    "queue_checks",
    "register_purpose",
    "registration",
    "replay",
    "replay_all",
    "resolve",
    "says_nothing_new",
    "start",
]
