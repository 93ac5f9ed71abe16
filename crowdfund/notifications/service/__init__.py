"""Tell people things: notices in their list, e-mails, SMS."""

from .choices import choose, choose_all
from .messages import close, email, retry, send, sms
from .notices import mark_read, notify, notify_all, purge, queue_work, spread, tell_addresses

__all__ = [
    "choose", "choose_all", "close", "email", "mark_read", "notify", "notify_all", "purge",
    "queue_work", "retry", "send", "sms", "spread", "tell_addresses",
]  # fmt: skip
