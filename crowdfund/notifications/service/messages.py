"""Messages to addresses: written in the verb's transaction, delivered by a job."""

from typing import Any

import sqlalchemy as sa

from ... import clock, i18n, outbox
from ...db import db, insert_ignore, new_id, rows_changed
from ...errors import Conflict
from ...i18n import _
from ..models import Message

_M = Message.__table__


def email(
    to_address: str, template: str, context: dict[str, Any], *, key: str, language: str | None = None
) -> None:
    """Send an e-mail made from `templates/email/<template>.html`; the same key sends once.

    The context is stored: ids, names and figures, never a secret. Without a language it speaks that
    of the request.
    """
    send("email", to_address, {"template": template, "context": context}, key=key, language=language)


def sms(
    to_number: str, template: str, context: dict[str, Any], *, key: str, language: str | None = None
) -> None:
    """Send an SMS to a number in E.164, made from the `sms` block of `templates/email/<template>.html`.

    The same rules as for `email`.
    """
    send("sms", to_number, {"template": template, "context": context}, key=key, language=language)


def send(
    channel: str, to_address: str, facts: dict[str, Any], *, key: str, language: str | None = None
) -> bool:
    """Write one message and the job that delivers it; return whether its key was new."""
    message_id = new_id()
    row = {
        "id": message_id, "key": key, "channel": channel, "to_address": to_address, "kind": "",
        "person_id": None, "language": i18n.language() if language is None else language, "tries": 0,
        "last_error": "", "created_at": clock.now(), **facts,
    }  # fmt: skip
    if not insert_ignore(Message.__table__, [row]):
        return False
    return outbox.add("notifications.send", message_id, {"message_id": message_id})


def close(message_id: str, refused: str) -> None:
    """Note that a message has gone out, or why it never will."""
    now = clock.now()
    ended = {"failed_at": now, "last_error": refused[:300]} if refused else {"sent_at": now, "last_error": ""}
    still_open = sa.and_(_M.c.id == message_id, _M.c.sent_at.is_(None), _M.c.failed_at.is_(None))
    db.session.execute(sa.update(_M).where(still_open).values({**ended, "tries": _M.c.tries + 1}))


def retry(message_id: str) -> None:
    """Send a message again that was given up (a staff verb); raises Conflict when it was not."""
    failed = sa.and_(_M.c.id == message_id, _M.c.sent_at.is_(None), _M.c.failed_at.is_not(None))
    if not rows_changed(sa.update(_M).where(failed).values(failed_at=None, tries=0)):
        raise Conflict(_("This message is not given up. Reload the page to see how it stands."))
    outbox.add("notifications.send", f"{message_id}:{new_id()}", {"message_id": message_id})
