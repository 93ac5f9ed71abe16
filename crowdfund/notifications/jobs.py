"""Deliver messages. They are sent before the commit: after a crash the same Message-ID repeats.

The name of a function that handles an event is part of its jobs' kind: do not rename it.
"""

import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import own_transaction, read_connection
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.notices import PersonNotice, StaffWork
from crowdfund.notifications import delivery, queries, service
from crowdfund.notifications.models import Message
from crowdfund.notifications.rows import MessageRow
from crowdfund.security import queries as security_queries
from crowdfund.security.events import ChangeElsewhere
from crowdfund.sign_in import queries as sign_in_queries
from crowdfund.sign_in.events import CodeRequested

_M = Message.__table__


@outbox.on(CodeRequested, queue="messages")
def send_code(requests: list[CodeRequested]) -> None:
    """Send a sign-in code; it is derived while sending, so that it is not stored."""
    for request in requests:
        otp = sign_in_queries.otp(request.otp_id)
        if otp is None or otp.expires_at <= clock.now():
            continue  # too late to be used; the person can request a new one
        send = service.sms if otp.kind == "phone" else service.email
        context = {"otp_id": otp.id, "digits": otp.digits}
        send(otp.identifier, "code", context, key=f"otp:{otp.id}", language=otp.language)


@outbox.on(PersonNotice, queue="messages")
def tell(notices: list[PersonNotice]) -> None:
    """Send the notices that lower features request."""
    for one in notices:
        service.notify(one.person_id, one.kind, one.context, key=one.key, path=one.path)


@outbox.on(ChangeElsewhere, queue="messages")
def tell_elsewhere(events: list[ChangeElsewhere]) -> None:
    """Notify addresses that are not, or no longer, the person's of a sensitive change."""
    for event in events:
        change = security_queries.change(event.change_id)
        if change is None:
            continue
        service.notify_addresses(
            change.person_id,
            security_queries.change_channels(event.change_id),
            event.kind,
            event.context,
            key=event.key,
            path=event.path,
        )


@outbox.on(StaffWork, queue="messages")
def tell_staff(events: list[StaffWork]) -> None:
    """Notify staff of new work in a lower feature's queue."""
    for event in events:
        service.queue_work(event.kind, key=f"work:{event.key}")


@outbox.handler("notifications.spread", queue="messages", batch=100)
def spread(rows: list[outbox.Row]) -> None:
    """Write the messages of notices."""
    service.spread([row.payload["key"] for row in rows])


def _deliver(rows: list[outbox.Row]) -> str:
    """Send one message, outside any transaction; return why it can never be sent, or nothing."""
    (row,) = rows
    message = _message(row.payload["message_id"])
    if message is None or message.sent_at or message.failed_at:
        return ""
    try:
        delivery.deliver(message)
    except CrowdfundError as error:
        pause_s = delivery.try_again_s(error, message.tries + 1)
        if pause_s is None:
            return error.user_message
        _note_try(message, error)
        raise outbox.Retry(pause_s, error.user_message) from error
    except Exception as error:  # a bug: the outbox tries again, and in the end alerts the operator
        _note_try(message, error)
        raise
    return ""


def _message(message_id: str) -> MessageRow | None:
    with read_connection() as connection:
        found = connection.execute(queries.MESSAGES.where(_M.c.id == message_id)).first()
    return MessageRow(*found) if found else None


def _note_try(message: MessageRow, error: Exception) -> None:
    with own_transaction() as connection:  # the job's own is rolled back
        values = {"tries": message.tries + 1, "last_error": str(error)[:300]}
        connection.execute(sa.update(_M).where(_M.c.id == message.id).values(values))


@outbox.handler("notifications.send", queue="messages", prepare=_deliver)
def mark_sent(rows: list[outbox.Row], refused: str) -> None:
    """Mark a message as sent, or as failed for good."""
    service.close(rows[0].payload["message_id"], refused)


@outbox.every(86_400, "notifications.purge", queue="messages")
def purge() -> None:
    """Delete notices that were read long ago."""
    service.purge()
