"""Reads about documents: frozen rows, who looked at them, what expires."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Row

from crowdfund.documents import rules
from crowdfund.documents.models import Document, DocumentKey, DocumentView, document_event
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

Owner = tuple[str, str]
_D = Document.__table__
_K = DocumentKey.__table__
_V = DocumentView.__table__


class DocumentMissing(NotFound):
    """No such document, or none that this person may see."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as other features see it."""

    id: str
    owner_kind: str
    owner_id: str
    kind: str
    filename: str
    content_type: str
    size: int
    sha256_commitment: str
    status: str
    reason: str
    expires_on: date | None
    uploaded_by: str
    uploaded_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    replaced_by: str | None

    @property
    def owner(self) -> Owner:
        """Return whose it is, as (kind, id)."""
        return self.owner_kind, self.owner_id


class Look(NamedTuple):
    """One look at a document."""

    at: datetime
    viewer: str
    document_id: str
    purpose: str


_COLUMNS = [_D.c[name] for name in DocumentRow.__dataclass_fields__]


def get(document_id: str) -> DocumentRow:
    """Return a document in any state; raises DocumentMissing. For features that authorise themselves."""
    row = db.session.execute(sa.select(*_COLUMNS).where(_D.c.id == document_id)).first()
    if row is None:
        raise DocumentMissing(_("There is no such document."))
    return DocumentRow(*row)


def of_owner(owner: Owner, kinds: Collection[str] | None = None) -> list[DocumentRow]:
    """Return an owner's documents in force (not replaced or destroyed), oldest first, of some kinds."""
    where = [
        _D.c.owner_kind == owner[0],
        _D.c.owner_id == owner[1],
        _D.c.status.in_(rules.IN_FORCE),
    ]
    if kinds is not None:
        where.append(_D.c.kind.in_(kinds))
    query = sa.select(*_COLUMNS).where(*where).order_by(_D.c.id)
    return [DocumentRow(*row) for row in db.session.execute(query)]


def every_of_owner(owner: Owner) -> list[DocumentRow]:
    """Return all documents that an owner ever had, replaced and destroyed ones too, newest first."""
    where = (_D.c.owner_kind == owner[0], _D.c.owner_id == owner[1])
    query = sa.select(*_COLUMNS).where(*where).order_by(_D.c.id.desc())
    return [DocumentRow(*row) for row in db.session.execute(query)]


def owners_with_pending(owner_kind: str) -> sa.Select[tuple[str]]:
    """Return a query of the ids of owners of a kind with a document that nobody has decided on yet."""
    return sa.select(_D.c.owner_id).where(
        _D.c.owner_kind == owner_kind, _D.c.status == rules.Status.PENDING
    )


def access_log(owner: Owner, *, most: int = 200) -> list[Look]:
    """Return who opened an owner's documents, when and why, newest first."""
    query = (
        sa.select(_V.c.at, _V.c.viewer, _V.c.document_id, _V.c.purpose)
        .join(_D, _D.c.id == _V.c.document_id)
        .where(_D.c.owner_kind == owner[0], _D.c.owner_id == owner[1])
    )
    found = db.session.execute(query.order_by(_V.c.at.desc(), _V.c.id.desc()).limit(most))
    return [Look(*row) for row in found]


def history(document_id: str) -> Sequence[Row]:  # type: ignore[type-arg]
    """Return every status change with who, when and why, oldest first."""
    query = sa.select(document_event).where(document_event.c.document_id == document_id)
    return db.session.execute(query.order_by(document_event.c.at, document_event.c.id)).all()


def secrets_of(document_id: str) -> Row:  # type: ignore[type-arg]
    """Return file id, sealed key and salt; raises DocumentMissing once the key is destroyed."""
    query = sa.select(_D.c.file_id, _K.c.sealed_key, _K.c.salt).join(
        _K, _K.c.document_id == _D.c.id
    )
    row = db.session.execute(query.where(_D.c.id == document_id)).first()
    if row is None:
        raise DocumentMissing(_("This document was deleted. Nobody can open it now."))
    return row


def past_expiry(today: date, *, most: int = 500) -> Sequence[str]:
    """Return ids of verified documents whose last good day is before `today`."""
    where = (_D.c.status == rules.Status.VERIFIED, _D.c.expires_on < today)
    return db.session.scalars(sa.select(_D.c.id).where(*where).order_by(_D.c.id).limit(most)).all()


def to_remind(until: date, *, most: int = 500) -> Sequence[str]:
    """Return ids of verified documents that expire by `until` and whose owner was not notified yet."""
    where = (
        _D.c.status == rules.Status.VERIFIED,
        _D.c.expires_on <= until,
        _D.c.reminded_at.is_(None),
    )
    return db.session.scalars(sa.select(_D.c.id).where(*where).order_by(_D.c.id).limit(most)).all()


def known_files(file_ids: Collection[str]) -> set[str]:
    """Return those of the file ids that a document with a key refers to."""
    query = sa.select(_D.c.file_id).join(_K, _K.c.document_id == _D.c.id)
    return set(db.session.scalars(query.where(_D.c.file_id.in_(file_ids))))
