"""Reads about nominees."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crowdfund.compliance.models import Nominee
from crowdfund.compliance.rules import nominees
from crowdfund.documents import queries as documents
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

_N = Nominee.__table__


def of_person(person_id: str) -> Sequence[Any]:
    """Return a person's nominees, in the order in which they were named; removed ones are left out."""
    query = sa.select(_N).where(_N.c.person_id == person_id, _N.c.status != "removed")
    return db.session.execute(query.order_by(_N.c.id)).all()


def own(nominee_id: str, person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return a nominee of this person; raises NotFound for everyone else's."""
    for nominee in of_person(person_id):
        if nominee.id == nominee_id:
            return nominee
    raise NotFound(_("There is no such nominee, or it is not yours."))


def person_of(nominee_id: str) -> str | None:
    """Return whose nominee this is."""
    return db.session.scalar(sa.select(_N.c.person_id).where(_N.c.id == nominee_id))


def proofs(nominee_ids: Sequence[str]) -> dict[str, documents.DocumentRow]:
    """Return the identity proof in force of each nominee that has one, the newest."""
    return {
        nominee_id: found[-1]
        for nominee_id in nominee_ids
        if (found := documents.of_owner(("nominee", nominee_id)))
    }


def in_force(person_id: str) -> Sequence[Any]:
    """Return the nominees that count: all of them, once they add up to 100 % and each is verified."""
    found = of_person(person_id)
    is_whole = nominees.is_complete(one.share_bp for one in found)
    return found if is_whole and all(one.status == "verified" for one in found) else []
