"""What happens to documents by themselves: they expire, their owners are notified before, leftovers go."""

from crowdfund.documents import service
from crowdfund.kernel import outbox


@outbox.every(3600, "documents.expire")
def expire() -> None:
    """Expire what is past its day in the platform's time zone; hourly, so that midnight is met anywhere."""
    service.remind_due()
    service.expire_due()


@outbox.every(86_400, "documents.sweep")
def sweep() -> None:
    """Remove encrypted files whose upload was never committed or whose document was destroyed."""
    service.sweep()
