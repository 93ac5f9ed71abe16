"""Where messages reach a person: the verified addresses and the language."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from ...db import db
from ..models import SignInMethod, User

_U, _M = User.__table__, SignInMethod.__table__


@dataclass(frozen=True, slots=True)
class Reach:
    """A person's verified addresses, the person's own first."""

    name: str
    language: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]

    def addresses(self, channel: str) -> tuple[str, ...]:
        """Return the addresses of a channel (email or sms)."""
        return self.emails if channel == "email" else self.phones


def reach(person_ids: Collection[str]) -> dict[str, Reach]:
    """Return where each of these people can be reached.

    The person's e-mail address is a verified one; a phone number counts once it is a way to sign in.
    """
    people = db.session.execute(
        sa.select(_U.c.id, _U.c.first_name, _U.c.email, _U.c.phone, _U.c.language).where(
            _U.c.id.in_(person_ids)
        )
    ).all()
    methods = db.session.execute(
        sa.select(_M.c.person_id, _M.c.kind, _M.c.value)
        .where(_M.c.person_id.in_(person_ids), _M.c.kind.in_(("email", "phone")))
        .order_by(_M.c.added_at, _M.c.id)
    ).all()
    found = {}
    for person in people:
        own = {"email": [person.email] if person.email else [], "phone": []}
        for method in methods:
            if method.person_id == person.id and method.value not in own[method.kind]:
                first = method.value == person.phone
                own[method.kind].insert(0 if first else len(own[method.kind]), method.value)
        name = person.first_name or (person.email or "").split("@")[0]
        found[person.id] = Reach(name, person.language, tuple(own["email"]), tuple(own["phone"]))
    return found
