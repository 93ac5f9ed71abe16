"""Deliver messages. The send comes before the commit: a crash in between repeats the same Message-ID."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import own_transaction, read_connection
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.notices import PersonNotice, StaffWork
from crowdfund.notifications import delivery, service
from crowdfund.notifications.models import Message
from crowdfund.security import queries as security_queries
from crowdfund.security.events import ChangeElsewhere
from crowdfund.sign_in import queries
from crowdfund.sign_in.events import CodeRequested

_M = Message.__table__


@outbox.on(CodeRequested, queue="messages")
def send_code(requests: list[CodeRequested]) -> None:
    """Send a sign-in code; it is derived while sending, so that it is stored nowhere."""
    for request in requests:
        otp = queries.otp(request.otp_id)
        if otp is None or otp.expires_at <= clock.now():
            continue  # too late to be of use; a new one can be asked for
        send = service.sms if otp.kind == "phone" else service.email
        context = {"otp_id": otp.id, "digits": otp.digits}
        send(otp.identifier, "code", context, key=f"otp:{otp.id}", language=otp.language)


@outbox.on(PersonNotice, queue="messages")
def tell(notices: list[PersonNotice]) -> None:
    """Send the notices that lower features ask for."""
    for notice in notices:
        service.notify(
            notice.person_id, notice.kind, notice.context, key=notice.key, path=notice.path
        )


@outbox.on(ChangeElsewhere, queue="messages")
def tell_elsewhere(events: list[ChangeElsewhere]) -> None:
    """Send news of a sensitive change to addresses that are not the person's yet, or no longer are."""
    for event in events:
        if change := security_queries.change(event.change_id):
            channels = security_queries.change_channels(event.change_id)
            service.tell_addresses(
                change.person_id, channels, event.kind, event.payload(), key=event.key
            )


@outbox.on(StaffWork, queue="messages")
def tell_staff(events: list[StaffWork]) -> None:
    """Notify staff of new work in a lower feature's queue."""
    for event in events:
        service.queue_work(event.kind, key=f"work:{event.key}")


@outbox.handler("notifications.spread", queue="messages", batch=100)
def spread(rows: list[outbox.Row]) -> None:
    """Write the messages by which notices go out."""
    service.spread([row.payload["key"] for row in rows])


def _deliver(rows: list[outbox.Row]) -> str:
    """Send one message, outside any transaction; return why it can never be sent."""
    (row,) = rows
    with read_connection() as connection:
        query = sa.select(_M).where(_M.c.id == row.payload["message_id"])
        message = connection.execute(query).first()
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
    except (
        Exception
    ) as error:  # a mistake of ours: the outbox tries again, and tells the operator at last
        _note_try(message, error)
        raise
    return ""


def _note_try(message: Any, error: Exception) -> None:  # noqa: ANN401 - a row
    with own_transaction() as connection:  # what follows is rolled back
        values = {"tries": message.tries + 1, "last_error": str(error)[:300]}
        connection.execute(sa.update(_M).where(_M.c.id == message.id).values(values))


@outbox.handler("notifications.send", queue="messages", prepare=_deliver)
def mark_sent(rows: list[outbox.Row], refused: str) -> None:
    """Note that a message has gone out, or that it never will."""
    service.close(rows[0].payload["message_id"], refused)


@outbox.every(86_400, "notifications.purge", queue="messages")
def purge() -> None:
    """Remove notices that were read long ago."""
    service.purge()
