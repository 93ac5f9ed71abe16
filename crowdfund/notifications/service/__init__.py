"""Tell people things: notices in their list, e-mails, SMS."""

from .messages import email, email_person, send, sms
from .notices import notify, notify_all, spread

__all__ = ["email", "email_person", "notify", "notify_all", "send", "sms", "spread"]
