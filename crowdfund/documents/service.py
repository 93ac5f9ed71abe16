"""The verbs of documents: examine, store, open, decide, replace, expire, destroy."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import clamav, sanitising, sealing, storage
from crowdfund.documents import queries, rules
from crowdfund.documents.events import DocumentEvent, DocumentExpired, DocumentExpiring
from crowdfund.documents.models import Document, DocumentKey, DocumentView, document_event
from crowdfund.documents.queries import DocumentRow, Owner
from crowdfund.documents.rules import Status
from crowdfund.kernel import clock, config, live, outbox
from crowdfund.kernel.db import after_commit, db, locked, new_id, own_transaction, record_event
from crowdfund.kernel.errors import NotYours
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move

AREA = "documents"
_PURPOSE = "crowdfund documents v1"


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that has been scanned, read and written anew; safe to keep."""

    kind: str
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Poster:
    """A picture for everyone (WebP), scanned and made anew from an upload."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A document's content for someone whose look has been recorded."""

    filename: str
    content_type: str
    data: bytes


class _Openers:
    """Who may open whose documents: the feature that knows an owner says so."""

    def __init__(self) -> None:
        self._rules: dict[str, Callable[[str, Any], bool]] = {}

    def register(self, owner_kind: str, rule: Callable[[str, Any], bool]) -> None:
        """Let `rule(owner_id, person)` decide about the documents of owners of a kind."""
        self._rules[owner_kind] = rule

    def __call__(self, document: DocumentRow, person: Any) -> bool:  # noqa: ANN401 - the accounts' row
        """Return whether a person may open a document; without a rule nobody may."""
        rule = self._rules.get(document.owner_kind)
        return rule is not None and rule(document.owner_id, person)


may_open = _Openers()


def examine(kind: str, filename: str, data: bytes) -> Examined:
    """Scan an upload, read it and write it anew; no database is asked.

    Takes up to two seconds: call it before the transaction begins where you can. Raises
    rules.FileRefused with a sentence, or Unavailable if the configured scanner does not answer.
    """
    accepted = rules.ACCEPTED[kind]
    rules.check_size(data, accepted.max_bytes)
    content_type = rules.sniff(filename, data, accepted.types)
    clamav.scan(data)
    clean = sanitising.clean(data, content_type)
    rules.check_size(clean.data, 2 * accepted.max_bytes)
    return Examined(
        kind, rules.file_name(filename, clean.content_type), clean.content_type, clean.data
    )


def poster(data: bytes) -> Poster:
    """Scan an uploaded picture and make it anew, at most 1,600 px a side; as slow as `examine`.

    Decoding and encoding again drops metadata (a photo's place too) and whatever was hidden behind
    the picture. Raises rules.FileRefused or Unavailable.
    """
    rules.check_size(data)
    content_type = rules.by_content(data, rules.PICTURE)
    clamav.scan(data)
    return Poster(sanitising.clean(data, content_type, job="poster").data)


def store(owner: Owner, kind: str, filename: str, data: bytes, *, actor: str) -> str:
    """Examine an upload, encrypt it with a key of its own and return the document's id (pending).

    Raises Invalid for a kind that this owner does not have, and what `examine` raises.
    """
    rules.check_kind(owner[0], kind)
    return keep(owner, examine(kind, filename, data), actor=actor)


def keep(owner: Owner, examined: Examined, *, actor: str) -> str:
    """Encrypt and store an examined file; return the document's id (pending)."""
    rules.check_kind(owner[0], examined.kind)
    document_id, salt = new_id(), secrets.token_hex(32)
    stored = storage.put_private(examined.data, AREA)
    digest = hashlib.sha256(examined.data).hexdigest()
    db.session.add(
        Document(
            id=document_id, owner_kind=owner[0], owner_id=owner[1], kind=examined.kind,
            filename=examined.filename, content_type=examined.content_type, size=stored.size,
            sha256_commitment=rules.commitment(salt, digest), file_id=stored.id, uploaded_by=actor,
            uploaded_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()
    sealed = sealing.seal(_PURPOSE, document_id, bytes.fromhex(stored.key))
    db.session.add(DocumentKey(document_id=document_id, sealed_key=sealed, salt=salt))
    record_event(document_event, document_id, actor=actor, before=None, after=Status.PENDING)
    db.session.flush()
    live.changed("documents", owner[1])
    return document_id


def replace(old_id: str, filename: str, data: bytes, *, actor: str) -> str:
    """Store a newer file in place of a document; return the new document's id (pending)."""
    old = queries.get(old_id)
    examined = examine(old.kind, filename, data)
    new = keep(old.owner, examined, actor=actor)
    supersede(old_id, new, actor=actor)
    return new


def supersede(old_id: str, by_id: str, *, actor: str) -> None:
    """Note that a document, stored already, has taken the place of an older one."""
    document = _locked(old_id)
    document.replaced_by = by_id
    _change(document, Status.REPLACED, actor=actor)


def open_document(document_id: str, *, viewer: str, purpose: str) -> Opened:
    """Return a document's content and record who looked, when and why.

    The look is written in a transaction of its own before anything is shown: call this before the
    main transaction begins (a GET has none). Raises DocumentMissing once it is destroyed.
    """
    if purpose not in rules.PURPOSES:
        raise ValueError(f"unknown purpose {purpose}")
    look = {"id": new_id(), "document_id": document_id, "viewer": viewer, "purpose": purpose}
    with own_transaction() as connection:
        known = sa.select(DocumentKey.document_id).where(DocumentKey.document_id == document_id)
        if connection.execute(known).first() is None:
            raise queries.DocumentMissing(_("There is no such document, or it was deleted."))
        connection.execute(sa.insert(DocumentView).values(at=clock.now(), **look))
    return read(document_id)


def read(document_id: str) -> Opened:
    """Return a document's content for the platform's own work; nobody looks, nothing is recorded."""
    row, hidden = queries.get(document_id), queries.secrets_of(document_id)
    key = sealing.unseal(_PURPOSE, document_id, hidden.sealed_key).hex()
    return Opened(row.filename, row.content_type, storage.get_private(hidden.file_id, key, AREA))


def decide(
    document_id: str, *, actor: str, approve: bool, reason: str = "", expires_on: date | None = None
) -> None:
    """Verify a pending document until its expiry, or reject it with a reason that the owner reads.

    Raises NotYours, WrongState or Invalid.
    """
    document = _locked(document_id)
    if actor == document.uploaded_by or (document.owner_kind, document.owner_id) == (
        "person",
        actor,
    ):
        raise NotYours(_("This is your own document. Someone else has to decide on it."))
    to = rules.move(document.status, Status.VERIFIED if approve else Status.REJECTED)
    why = "" if approve else rules.parse_reason(reason)
    document.expires_on = rules.check_expiry(expires_on, _today()) if approve else None
    document.reason, document.decided_by, document.decided_at = why, actor, clock.now()
    _change(document, to, actor=actor, reason=why)


def reopen(document_id: str, reason: str, *, actor: str) -> None:
    """Send a verified document back to pending, because a fact that it proves has changed."""
    document = _locked(document_id)
    to = rules.move(document.status, Status.PENDING)
    document.decided_by = document.decided_at = document.expires_on = document.reminded_at = None
    _change(document, to, actor=actor, reason=reason)


def destroy(document_id: str, *, actor: str) -> None:
    """Make a document unreadable for ever: its key and salt go now, the file after the commit.

    What stays are the row without the file's name, its history and who looked. Repeating is harmless.
    """
    document = _locked(document_id)
    if document.status == Status.DESTROYED:
        return
    keys, mine = DocumentKey.__table__, DocumentKey.document_id == document_id
    # Overwritten first: a database may leave the bytes of a removed row where they were.
    db.session.execute(sa.update(keys).where(mine).values(sealed_key="0" * 120, salt="0" * 64))
    db.session.execute(sa.delete(keys).where(mine))
    document.filename = "-"
    _change(document, Status.DESTROYED, actor=actor)
    file_id = document.file_id
    after_commit(("file", file_id), lambda: storage.delete_private(file_id, AREA))


def expire_due() -> int:
    """Mark verified documents past their last good day as expired; return how many."""
    due = queries.past_expiry(_today())
    for document_id in due:
        document = _locked(document_id)
        _change(document, Status.EXPIRED, actor="system", reason="past its expiry date")
        _emit(DocumentExpired, document)
    return len(due)


def remind_due() -> int:
    """Announce verified documents that expire within 30 days, once each; return how many."""
    due = queries.to_remind(_today() + timedelta(days=rules.REMIND_DAYS))
    for document_id in due:
        document = _locked(document_id)
        document.reminded_at = clock.now()
        _emit(DocumentExpiring, document)
    return len(due)


def sweep() -> int:
    """Remove files that no document with a key refers to, a day after they were written; return how many."""
    yesterday = (clock.now() - timedelta(days=1)).timestamp()
    found = storage.names_in(AREA, older_than=yesterday)
    lost = [
        one for start in range(0, len(found), 500) for one in _unknown(found[start : start + 500])
    ]
    for file_id in lost:
        storage.delete_private(file_id, AREA)
    return len(lost)


def _unknown(file_ids: list[str]) -> set[str]:
    return set(file_ids) - queries.known_files(file_ids)


def _today() -> date:
    return clock.today(config.settings().time_zone)


def _locked(document_id: str) -> Document:
    return locked(Document, document_id, queries.DocumentMissing(_("There is no such document.")))


def _change(document: Document, to: Status, *, actor: str, reason: str = "") -> None:
    new = rules.move(document.status, to)
    pages = (("documents", document.owner_id),)
    move(document, new, document_event, actor=actor, reason=reason, pages=pages)


def _emit(event: type[DocumentEvent], document: Document) -> None:
    outbox.emit(
        event(
            key=f"{event.name}:{document.id}:{clock.now().timestamp()}",
            document_id=document.id,
            owner_kind=document.owner_kind,
            owner_id=document.owner_id,
        )
    )
