"""Deliver messages. The send comes before the commit: a crash in between repeats the same Message-ID."""

from typing import Any

import sqlalchemy as sa

from .. import clock, config, i18n, outbox
from ..accounts import queries as accounts
from ..accounts import rules as account_rules
from ..adapters import mail
from ..db import db, read_connection
from . import rendering, service
from .models import Message


@outbox.on("otp.requested", queue="messages")
def send_code(rows: list[outbox.Row]) -> None:
    """Send a sign-in code; it is derived while sending, so that it is stored nowhere."""
    for row in rows:
        otp = accounts.otp(row.payload["otp_id"])
        service.email(otp.identifier, "code", {"otp_id": otp.id}, key=f"otp:{otp.id}")


@outbox.on("person.notice", queue="messages")
def tell(rows: list[outbox.Row]) -> None:
    """Tell people what a lower feature has to say: payload person_id, kind, context, path."""
    for row in rows:
        said = row.payload
        service.notify(
            said["person_id"], said["kind"], said.get("context", {}),
            key=row.key.partition(":")[2], path=said.get("path", ""),
        )  # fmt: skip


@outbox.on("person.reviewed", queue="messages")
def tell_review(rows: list[outbox.Row]) -> None:
    """Tell a person how the verification went."""
    for row in rows:
        person = accounts.get(row.payload["person_id"])
        if person is not None and person.kyc_status in ("verified", "rejected"):
            kind = "approved" if person.kyc_status == "verified" else "rejected"
            context = {"reason": person.kyc_reason} if person.kyc_reason else {}
            key = f"reviewed:{row.key.partition(':')[2]}"
            path = "/campaigns" if kind == "approved" else "/account"
            service.notify(person.id, f"verification.{kind}", context, key=key, path=path)


@outbox.handler("notifications.spread", queue="messages", batch=100)
def spread(rows: list[outbox.Row]) -> None:
    """Write the messages by which notices go out."""
    service.spread([row.payload["notice_id"] for row in rows])


def _deliver(rows: list[outbox.Row]) -> None:
    """Render and send, outside any transaction."""
    ids = [row.payload["message_id"] for row in rows]
    with read_connection() as connection:
        found = connection.execute(sa.select(Message.__table__).where(Message.id.in_(ids))).all()
    for message in found:
        if message.sent_at is None:
            with i18n.using(message.language):
                _send(message)


def _send(message: Any) -> None:  # noqa: ANN401 - a row
    context = _with_code(message.context)
    if message.kind:
        context = {**context, "words": rendering.words(message.kind, context)}
    if message.channel == "sms":
        from ..adapters import sms  # noqa: PLC0415

        sms.send(message.to_address, rendering.render_sms(message.template, context), message_id=message.id)
        return
    subject, text, html = rendering.render(message.template, context)
    mail.send(message.to_address, subject, text, html, message_id=message.id)


def _with_code(context: dict[str, object]) -> dict[str, object]:
    if "otp_id" not in context:
        return context
    code = account_rules.code_for(config.settings().secret_key, str(context["otp_id"]))
    return {**context, "code": code}


@outbox.handler("notifications.send", queue="messages", prepare=_deliver)
def mark_sent(rows: list[outbox.Row], _sent: None) -> None:
    """Note that the messages have gone out."""
    ids = [row.payload["message_id"] for row in rows]
    db.session.execute(sa.update(Message).where(Message.id.in_(ids)).values(sent_at=clock.now()))
