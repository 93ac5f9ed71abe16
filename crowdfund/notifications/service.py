"""Send messages: written in the verb's transaction, delivered by a job."""

from typing import Any

from .. import clock, outbox
from ..accounts import queries as accounts
from ..db import insert_ignore, new_id
from .models import Message


def email(to_address: str, template: str, context: dict[str, Any], *, key: str) -> None:
    """Send an e-mail made from `templates/email/<template>.txt`; the same key sends once.

    The context is stored: ids, names and figures, never a secret.
    """
    message_id = new_id()
    row = {
        "id": message_id, "key": key[:120], "to_address": to_address, "template": template,
        "context": context, "created_at": clock.now(),
    }  # fmt: skip
    if insert_ignore(Message.__table__, [row]):
        outbox.add("notifications.send", message_id, {"message_id": message_id})


def email_person(person_id: str, template: str, context: dict[str, Any], *, key: str) -> None:
    """Send an e-mail to a person by id; the person's first name is in the context."""
    person = accounts.get(person_id)
    if person is not None and person.email:
        email(person.email, template, {"name": person.name, **context}, key=key)
