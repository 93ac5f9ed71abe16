"""Scheduled work: remind of documents that expire, expire them, delete unused files."""

from crowdfund.documents import service
from crowdfund.kernel import outbox


@outbox.every(3600, "documents.expire")
def expire() -> None:
    """Expire documents by the day of the platform's time zone; hourly, for any time zone."""
    service.remind_due()
    service.expire_due()


@outbox.every(86_400, "documents.sweep")
def sweep() -> None:
    """Delete encrypted files whose upload was rolled back or whose document was destroyed."""
    service.sweep()
