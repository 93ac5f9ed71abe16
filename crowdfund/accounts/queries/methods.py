"""Reads about the ways in which a person signs in."""

from typing import Any

import sqlalchemy as sa

from ...db import db
from ...errors import NotFound
from ...i18n import _
from ...lookups import Lookup
from ..models import SignInMethod

_M = SignInMethod.__table__
_VALUES = Lookup(
    sa.select(_M.c.value).where(
        _M.c.person_id == sa.bindparam("person_id"), _M.c.kind == sa.bindparam("kind")
    )
)


def methods_of(person_id: str) -> list[Any]:
    """Return a person's ways in (id, kind, value, label, added_at, used_at), oldest first."""
    query = sa.select(_M).where(_M.c.person_id == person_id).order_by(_M.c.added_at, _M.c.id)
    return list(db.session.execute(query))


def method_of(method_id: str, person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return one of a person's own ways in; raises NotFound for anybody else's."""
    query = sa.select(_M).where(_M.c.id == method_id, _M.c.person_id == person_id)
    found = db.session.execute(query).first()
    if found is None:
        raise NotFound(_("There is no such way to sign in."))
    return found


def addresses_of(person_id: str, kind: str) -> list[str]:
    """Return a person's proved addresses of a kind (email, phone), read outside any transaction."""
    return [str(row.value) for row in _VALUES.all(person_id=person_id, kind=kind)]
