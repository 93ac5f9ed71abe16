"""Reads about nominees."""

from collections.abc import Sequence

import sqlalchemy as sa

from crowdfund.compliance.models import Nominee
from crowdfund.compliance.rows import NomineeRow
from crowdfund.compliance.rules import nominees
from crowdfund.documents import queries as documents
from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_all, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

_N = Nominee.__table__
_NOMINEES = sa.select(*columns(NomineeRow, _N)).where(_N.c.status != "removed")


def of_person(person_id: str) -> list[NomineeRow]:
    """Return a person's nominees in the order in which they were named, without removed ones."""
    return read_all(NomineeRow, _NOMINEES.where(_N.c.person_id == person_id).order_by(_N.c.id))


def own(nominee_id: str, person_id: str) -> NomineeRow:
    """Return a nominee of this person; raises NotFound for anyone else's."""
    query = _NOMINEES.where(_N.c.id == nominee_id, _N.c.person_id == person_id)
    missing = NotFound(_("There is no such nominee, or it is not yours."))
    return read_one(NomineeRow, query, missing)


def person_of(nominee_id: str) -> str | None:
    """Return whose nominee this is."""
    return db.session.scalar(sa.select(_N.c.person_id).where(_N.c.id == nominee_id))


def proofs(nominee_ids: Sequence[str]) -> dict[str, DocumentRow]:
    """Return the newest identity proof in force of each nominee that has one."""
    return {
        nominee_id: found[-1]
        for nominee_id in nominee_ids
        if (found := documents.of_owner(("nominee", nominee_id)))
    }


def in_force(person_id: str) -> list[NomineeRow]:
    """Return the nominees, if they add up to 100 % and are all verified; else none."""
    found = of_person(person_id)
    is_whole = nominees.is_complete(one.share_bp for one in found)
    return found if is_whole and all(one.status == "verified" for one in found) else []
