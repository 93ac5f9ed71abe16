"""Reads about people, their roles and how they are reached."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.db.searching import mentions
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.fields import contacts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.lookups import Lookup
from crowdfund.kernel.person import Person, full_name
from crowdfund.people.models import SignInMethod, User, UserRole, person_event
from crowdfund.people.rows import ContactChannels, ContactRow, MethodRow

_U, _R, _M = User.__table__, UserRole.__table__, SignInMethod.__table__
_PERSON = sa.select(*columns(Person, _U))
_WITH_ROLES = Lookup(
    _PERSON.add_columns(_R.c.role)
    .outerjoin(_R, _R.c.person_id == _U.c.id)
    .where(_U.c.id == sa.bindparam("id"))
)


# What somebody is called who has given neither name nor address: a wallet, a provider.
_LABEL = (
    sa.select(_M.c.label)
    .where(_M.c.person_id == sa.bindparam("id"), _M.c.label != "")
    .order_by(_M.c.added_at, _M.c.id)
)
_LABELS = Lookup(_LABEL)


def load(person_id: str) -> Person | None:
    """Return the signed-in person of a request, read outside its transaction; None if closed."""
    rows = _WITH_ROLES.all(id=person_id)
    if not rows or rows[0].disabled_at is not None:
        return None
    facts = rows[0]._asdict()
    del facts["role"]
    person = Person(**facts, roles=tuple(row.role for row in rows if row.role))
    if person.first_name or person.last_name or person.email or person.phone:
        return person
    found = _LABELS.first(id=person_id)
    return replace(person, label=found.label) if found else person


def get(person_id: str) -> Person | None:
    """Return a person inside the current transaction."""
    found = read_first(Person, _PERSON.where(_U.c.id == person_id))
    if found is None:
        return None
    roles = db.session.scalars(sa.select(_R.c.role).where(_R.c.person_id == person_id))
    label = ""
    if not (found.first_name or found.last_name or found.email or found.phone):
        label = db.session.scalar(_LABEL, {"id": person_id}) or ""
    return replace(found, roles=tuple(roles), label=label)


def find_by_email(email: str) -> Person | None:
    """Return the person with an address, or None."""
    found = db.session.scalar(sa.select(_U.c.id).where(_U.c.email == contacts.email(email)))
    return get(found) if found else None


def names(person_ids: set[str]) -> dict[str, str]:
    """Return the names of several people by id; `system` is not a person."""
    wanted = (_U.c.id, _U.c.first_name, _U.c.last_name, _U.c.email, _U.c.phone)
    query = sa.select(*wanted).where(_U.c.id.in_(person_ids))
    found = {
        row.id: full_name(row.first_name, row.last_name) or row.email or row.phone
        for row in db.session.execute(query)
    }
    if unnamed := [person_id for person_id, name in found.items() if not name]:
        labels = sa.select(_M.c.person_id, _M.c.label).where(_M.c.person_id.in_(unnamed))
        labels = labels.where(_M.c.label != "").order_by(_M.c.added_at.desc(), _M.c.id.desc())
        found |= {row.person_id: row.label for row in db.session.execute(labels)}
    return found


def full_names(person_ids: Collection[str]) -> dict[str, str]:
    """Return the names that several people gave, by id; never an address in place of a name."""
    query = sa.select(_U.c.id, _U.c.first_name, _U.c.last_name).where(_U.c.id.in_(person_ids))
    named = {row.id: full_name(row[1], row[2]) for row in db.session.execute(query)}
    return {person_id: name for person_id, name in named.items() if name}


def kyc_level(person_id: str) -> str:
    """Return none, basic or enhanced."""
    return db.session.scalar(sa.select(_U.c.kyc_level).where(_U.c.id == person_id)) or "none"


def staff_with(role: str) -> list[str]:
    """Return the ids of the people who have a staff role."""
    return list(db.session.scalars(sa.select(_R.c.person_id).where(_R.c.role == role)))


def matching(text: str, *, most: int = 50) -> list[str]:
    """Return the ids of people by a part of the name or address, the newest first."""
    name = _U.c.first_name + " " + _U.c.last_name
    found = [mentions(column, text) for column in (_U.c.email, name)]
    query = (
        sa.select(_U.c.id).where(sa.or_(*found)).order_by(_U.c.created_at.desc(), _U.c.id.desc())
    )
    return list(db.session.scalars(query.limit(most)))


def kyc_history(person_id: str) -> list[StatusChange]:
    """Return who changed a person's verification, roles or account, when and why, newest first."""
    return status_changes(person_event, person_id)[::-1]


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


_VALUES = Lookup(
    sa.select(_M.c.value).where(
        _M.c.person_id == sa.bindparam("person_id"), _M.c.kind == sa.bindparam("kind")
    )
)
_METHODS = sa.select(*columns(MethodRow, _M))


def methods_of(person_id: str) -> list[MethodRow]:
    """Return a person's sign-in methods, oldest first."""
    query = _METHODS.where(_M.c.person_id == person_id)
    return read_all(MethodRow, query.order_by(_M.c.added_at, _M.c.id))


def method_of(method_id: str, person_id: str) -> MethodRow:
    """Return one of a person's own sign-in methods; raises NotFound for anyone else's."""
    query = _METHODS.where(_M.c.id == method_id, _M.c.person_id == person_id)
    return read_one(MethodRow, query, NotFound(_("There is no such sign-in method.")))


def addresses_of(person_id: str, kind: str) -> list[str]:
    """Return a person's proved addresses of a kind (email, phone), read outside any transaction."""
    return [str(row.value) for row in _VALUES.all(person_id=person_id, kind=kind)]


def contact_channels(person_ids: Collection[str]) -> dict[str, ContactChannels]:
    """Return how each of these people can be reached.

    The person's e-mail address is a verified one; a phone number has to be a sign-in method.
    """
    query = sa.select(*columns(ContactRow, _U)).where(_U.c.id.in_(person_ids))
    people, addresses = read_all(ContactRow, query), _addresses(person_ids)
    return {
        person.id: _channels(person, addresses[person.id, "email"], addresses[person.id, "phone"])
        for person in people
    }


def _addresses(person_ids: Collection[str]) -> defaultdict[tuple[str, str], list[str]]:
    """Return the addresses that are sign-in methods, by person and kind, oldest first."""
    query = sa.select(_M.c.person_id, _M.c.kind, _M.c.value)
    query = query.where(_M.c.person_id.in_(person_ids), _M.c.kind.in_(("email", "phone")))
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for person_id, kind, value in db.session.execute(query.order_by(_M.c.added_at, _M.c.id)):
        found[person_id, kind].append(value)
    return found


def _channels(person: ContactRow, emails: list[str], phones: list[str]) -> ContactChannels:
    own = [person.email] if person.email else []
    own_first = sorted(phones, key=lambda phone: phone != person.phone)
    return ContactChannels(
        name=person.first_name or (person.email or "").split("@")[0],
        language=person.language,
        calendar=person.calendar,
        emails=tuple(dict.fromkeys([*own, *emails])),
        phones=tuple(own_first),
    )
