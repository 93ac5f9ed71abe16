"""Record what happened to a person's sign-in methods, and notify the person."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, new_id
from crowdfund.kernel.notices import PersonNotice
from crowdfund.security.models import SecurityEvent


def note(
    person_id: str,
    what: str,
    *,
    actor: str,
    detail: str = "",
    notice: dict[str, Any] | None = None,
    path: str = "/account/security",
) -> str:
    """Add a line to a person's security history; return its id.

    With `notice` the person is also notified: it is the context of the notice `security.<what>`.
    """
    event_id = new_id()
    row = {
        "id": event_id,
        "person_id": person_id,
        "at": clock.now(),
        "actor": actor,
        "what": what,
        "detail": detail[:160],
    }
    db.session.execute(sa.insert(SecurityEvent).values(row))
    if notice is not None:
        key, kind = f"security:{event_id}", f"security.{what}"
        event = PersonNotice(key=key, person_id=person_id, kind=kind, context=notice, path=path)
        outbox.emit(event)
    return event_id
