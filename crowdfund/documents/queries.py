"""Reads about documents: their rows, who opened them, which expire."""

from collections.abc import Collection, Sequence
from datetime import date

import sqlalchemy as sa

from crowdfund.documents import rules
from crowdfund.documents.models import Document, DocumentKey, DocumentView, document_event
from crowdfund.documents.rows import DocumentRow, Look, Owner, SecretsRow
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.rows import columns, read_all, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

_D, _K, _V = Document.__table__, DocumentKey.__table__, DocumentView.__table__
_DOCUMENTS = sa.select(*columns(DocumentRow, _D))


class DocumentMissing(NotFound):
    """No such document, or none that this person may see."""


def get(document_id: str) -> DocumentRow:
    """Return a document in any state, for features that authorise. Raises DocumentMissing."""
    missing = DocumentMissing(_("There is no such document."))
    return read_one(DocumentRow, _DOCUMENTS.where(_D.c.id == document_id), missing)


def of_owner(owner: Owner, kinds: Collection[str] | None = None) -> list[DocumentRow]:
    """Return an owner's documents in force (not replaced or destroyed), oldest first.

    With `kinds`, only documents of these kinds.
    """
    query = _DOCUMENTS.where(_is_of(owner), _D.c.status.in_(rules.IN_FORCE))
    if kinds is not None:
        query = query.where(_D.c.kind.in_(kinds))
    return read_all(DocumentRow, query.order_by(_D.c.id))


def every_of_owner(owner: Owner) -> list[DocumentRow]:
    """Return all documents an owner ever had, replaced and destroyed ones too, newest first."""
    return read_all(DocumentRow, _DOCUMENTS.where(_is_of(owner)).order_by(_D.c.id.desc()))


def _is_of(owner: Owner) -> sa.ColumnElement[bool]:
    kind, owner_id = owner
    return sa.and_(_D.c.owner_kind == kind, _D.c.owner_id == owner_id)


def owners_with_pending(owner_kind: str) -> sa.Select[tuple[str]]:
    """Return a query of the ids of owners of a kind with a document that is not decided yet."""
    return sa.select(_D.c.owner_id).where(
        _D.c.owner_kind == owner_kind, _D.c.status == rules.Status.PENDING
    )


def access_log(owner: Owner, *, most: int = 200) -> list[Look]:
    """Return who opened an owner's documents, when and why, newest first."""
    query = sa.select(*columns(Look, _V)).join(_D, _D.c.id == _V.c.document_id)
    newest_first = query.where(_is_of(owner)).order_by(_V.c.at.desc(), _V.c.id.desc())
    return read_all(Look, newest_first.limit(most))


def history(document_id: str) -> list[StatusChange]:
    """Return every status change with who, when and why, oldest first."""
    return status_changes(document_event, document_id)


def secrets_of(document_id: str) -> SecretsRow:
    """Return file id, sealed key and salt. Raises DocumentMissing once the key is destroyed."""
    query = sa.select(*columns(SecretsRow, _D, _K)).join(_K, _K.c.document_id == _D.c.id)
    missing = DocumentMissing(_("This document was deleted. Nobody can open it now."))
    return read_one(SecretsRow, query.where(_D.c.id == document_id), missing)


def past_expiry(today: date, *, most: int = 500) -> Sequence[str]:
    """Return the ids of verified documents that were valid until a day before `today`."""
    where = (_D.c.status == rules.Status.VERIFIED, _D.c.expires_on < today)
    return db.session.scalars(sa.select(_D.c.id).where(*where).order_by(_D.c.id).limit(most)).all()


def to_remind(until: date, *, most: int = 500) -> Sequence[str]:
    """Return the ids of verified documents that expire by `until`, owner not notified yet."""
    where = (
        _D.c.status == rules.Status.VERIFIED,
        _D.c.expires_on <= until,
        _D.c.reminded_at.is_(None),
    )
    return db.session.scalars(sa.select(_D.c.id).where(*where).order_by(_D.c.id).limit(most)).all()


def known_files(file_ids: Collection[str]) -> set[str]:
    """Return those of these file ids that a document with a key refers to."""
    query = sa.select(_D.c.file_id).join(_K, _K.c.document_id == _D.c.id)
    return set(db.session.scalars(query.where(_D.c.file_id.in_(file_ids))))
