"""Reads about people, their roles and how they are reached."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import fields
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.lookups import Lookup
from crowdfund.kernel.person import Person, full_name
from crowdfund.people.models import SignInMethod, User, UserRole, person_event

_U, _R = User.__table__, UserRole.__table__
_ROLES = sa.select(_R.c.role).where(_R.c.person_id == sa.bindparam("id"))
_FIND = sa.select(_U).where(_U.c.id == sa.bindparam("id"))
_WITH_ROLES = Lookup(_FIND.add_columns(_R.c.role).outerjoin(_R, _R.c.person_id == _U.c.id))


def load(person_id: str) -> Person | None:
    """Return the signed-in person of a request, read outside its transaction; nobody if closed."""
    rows = _WITH_ROLES.all(id=person_id)
    if not rows or rows[0].disabled_at is not None:
        return None
    facts = rows[0]._asdict()
    del facts["role"]
    return Person(**facts, roles=tuple(row.role for row in rows if row.role))


def get(person_id: str) -> Person | None:
    """Return a person inside the current transaction."""
    row = db.session.execute(_FIND, {"id": person_id}).first()
    if row is None:
        return None
    return Person(**row._mapping, roles=tuple(db.session.scalars(_ROLES, {"id": person_id})))


def find_by_email(email: str) -> Person | None:
    """Return the person with an address, or None."""
    found = db.session.scalar(sa.select(_U.c.id).where(_U.c.email == fields.normal_email(email)))
    return get(found) if found else None


def names(person_ids: set[str]) -> dict[str, str]:
    """Return the names of several people by id; `system` is not a person."""
    wanted = (_U.c.id, _U.c.first_name, _U.c.last_name, _U.c.email, _U.c.phone)
    query = sa.select(*wanted).where(_U.c.id.in_(person_ids))
    return {
        row.id: full_name(row.first_name, row.last_name) or row.email or row.phone
        for row in db.session.execute(query)
    }


def kyc_level(person_id: str) -> str:
    """Return none, basic or enhanced."""
    return db.session.scalar(sa.select(_U.c.kyc_level).where(_U.c.id == person_id)) or "none"


def staff_with(role: str) -> list[str]:
    """Return the ids of the people who have a staff role."""
    return list(db.session.scalars(sa.select(_R.c.person_id).where(_R.c.role == role)))


def matching(text: str, *, most: int = 50) -> list[str]:
    """Return the ids of people by a part of the name or address, the newest first."""
    name = sa.func.lower(_U.c.first_name + " " + _U.c.last_name)
    found = [column.contains(text.lower(), autoescape=True) for column in (_U.c.email, name)]
    query = (
        sa.select(_U.c.id).where(sa.or_(*found)).order_by(_U.c.created_at.desc(), _U.c.id.desc())
    )
    return list(db.session.scalars(query.limit(most)))


def kyc_history(person_id: str) -> list[Any]:
    """Return who changed a person's verification, when and why, newest first."""
    query = sa.select(person_event).where(person_event.c.person_id == person_id)
    return list(
        db.session.execute(query.order_by(person_event.c.at.desc(), person_event.c.id.desc()))
    )


# What other features may know of people in their own lists; they join it by `person_id`.
PEOPLE = sa.select(
    _U.c.id.label("person_id"),
    _U.c.email,
    _U.c.phone,
    _U.c.first_name,
    _U.c.last_name,
    _U.c.referral_code,
    _U.c.kyc_level,
    _U.c.kyc_status,
    _U.c.kyc_expires_on,
    _U.c.disabled_at,
    _U.c.created_at.label("person_since"),
).subquery("people")


_M = SignInMethod.__table__
_VALUES = Lookup(
    sa.select(_M.c.value).where(
        _M.c.person_id == sa.bindparam("person_id"), _M.c.kind == sa.bindparam("kind")
    )
)


def methods_of(person_id: str) -> list[Any]:
    """Return a person's sign-in methods (id, kind, value, label, added_at, used_at), oldest first."""
    query = sa.select(_M).where(_M.c.person_id == person_id).order_by(_M.c.added_at, _M.c.id)
    return list(db.session.execute(query))


def method_of(method_id: str, person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return one of a person's own sign-in methods; raises NotFound for anyone else's."""
    query = sa.select(_M).where(_M.c.id == method_id, _M.c.person_id == person_id)
    found = db.session.execute(query).first()
    if found is None:
        raise NotFound(_("There is no such sign-in method."))
    return found


def addresses_of(person_id: str, kind: str) -> list[str]:
    """Return a person's proved addresses of a kind (email, phone), read outside any transaction."""
    return [str(row.value) for row in _VALUES.all(person_id=person_id, kind=kind)]


@dataclass(frozen=True, slots=True)
class ContactChannels:
    """A person's verified addresses, the person's own first."""

    name: str
    language: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]

    def addresses(self, channel: str) -> tuple[str, ...]:
        """Return the addresses of a channel (email or sms)."""
        return self.emails if channel == "email" else self.phones


def contact_channels(person_ids: Collection[str]) -> dict[str, ContactChannels]:
    """Return where each of these people can be reached.

    The person's e-mail address is a verified one; a phone number counts once it is a sign-in method.
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
        found[person.id] = ContactChannels(
            name, person.language, tuple(own["email"]), tuple(own["phone"])
        )
    return found
