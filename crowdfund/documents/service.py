"""The verbs of documents: examine, store, open, decide, replace, expire, destroy."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from crowdfund.adapters import clamav, sanitising, sealing, storage
from crowdfund.documents import queries, rules
from crowdfund.documents.events import DocumentEvent, DocumentExpired, DocumentExpiring
from crowdfund.documents.models import Document, DocumentKey, DocumentView, document_event
from crowdfund.documents.rows import DocumentRow, Owner
from crowdfund.documents.rules import Status
from crowdfund.kernel import clock, config, live, outbox, randomness
from crowdfund.kernel.db import after_commit, db, locked, new_id, own_transaction, record_event
from crowdfund.kernel.errors import NotYours
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.kernel.person import Person

AREA = "documents"
_PURPOSE = "crowdfund documents v1"
_SWEEP_BATCH = 500


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that was scanned, parsed and rewritten; safe to store."""

    kind: str
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Poster:
    """A public picture (WebP), scanned and re-encoded from an upload; its size in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A document's content; the access to it has been recorded."""

    filename: str
    content_type: str
    data: bytes


OpenRule = Callable[[str, Person], bool]


class _Openers:
    """The rules about who may open whose documents, from the features that know the owners."""

    def __init__(self) -> None:
        self._rules: dict[str, OpenRule] = {}

    def register(self, owner_kind: str, rule: OpenRule) -> None:
        """Let `rule(owner_id, person)` decide about the documents of owners of a kind."""
        self._rules[owner_kind] = rule

    def __call__(self, document: DocumentRow, person: Person) -> bool:
        """Return whether a person may open a document; without a rule nobody may."""
        rule = self._rules.get(document.owner_kind)
        return rule is not None and rule(document.owner_id, person)


may_open = _Openers()


def examine(kind: str, filename: str, data: bytes, *, turn: int = 0) -> Examined:
    """Scan an upload, parse it and rewrite it, without the database.

    A picture is turned clockwise by `turn` degrees (`rules.turn`) where it is written anew, so that
    turning loses nothing. Takes up to two seconds: call it before the transaction begins where you
    can. Raises rules.FileRefused, or Unavailable if the configured scanner does not answer.
    """
    accepted = rules.ACCEPTED[kind]
    rules.check_size(data, accepted.max_bytes)
    content_type = rules.sniff(filename, data, accepted.types)
    clamav.scan(data)
    clean = sanitising.clean(data, content_type, turn=turn)
    rules.check_size(clean.data, 2 * accepted.max_bytes)
    name = rules.file_name(filename, clean.content_type)
    return Examined(kind, name, clean.content_type, clean.data)


def poster(data: bytes, *, job: str = "poster") -> Poster:
    """Scan an uploaded picture and re-encode it; as slow as `examine`.

    At most 1,600 px a side and at least 320 by 240; a `portrait` at most 640 px and at least 200 by
    200. Re-encoding drops metadata (a photo's location too) and anything hidden in the file. Raises
    rules.FileRefused or Unavailable.
    """
    rules.check_size(data)
    content_type = rules.by_content(data, rules.PICTURE)
    clamav.scan(data)
    clean = sanitising.clean(data, content_type, job=job)
    return Poster(clean.data, *clean.size)


def store(owner: Owner, kind: str, filename: str, data: bytes, *, actor: str) -> str:
    """Examine an upload, encrypt it with a key of its own and return the document's id (pending).

    Raises Invalid for a kind that this owner does not have, and what `examine` raises.
    """
    rules.check_kind(owner[0], kind)
    return keep(owner, examine(kind, filename, data), actor=actor)


def keep(owner: Owner, examined: Examined, *, actor: str) -> str:
    """Encrypt and store an examined file; return the document's id (pending)."""
    rules.check_kind(owner[0], examined.kind)
    document_id, salt = new_id(), randomness.token_hex(32)
    stored = storage.put_private(examined.data, AREA)
    digest = hashlib.sha256(examined.data).hexdigest()
    document = Document(
        id=document_id,
        owner_kind=owner[0],
        owner_id=owner[1],
        kind=examined.kind,
        filename=examined.filename,
        content_type=examined.content_type,
        size=stored.size,
        sha256_commitment=rules.commitment(salt, digest),
        file_id=stored.id,
        uploaded_by=actor,
        uploaded_at=clock.now(),
    )
    db.session.add(document)
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
    """Mark a document as replaced by another one, which is stored already."""
    document = _locked(old_id)
    document.replaced_by = by_id
    _change(document, Status.REPLACED, actor=actor)


def open_document(document_id: str, *, viewer: str, purpose: str) -> Opened:
    """Return a document's content and record who opened it, when and why.

    The access is recorded in a transaction of its own before anything is shown: call this before
    the main transaction begins (a GET has none). Raises DocumentMissing once it is destroyed.
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
    """Return a document's content for the platform's own work; this access is not recorded."""
    row, secret = queries.get(document_id), queries.secrets_of(document_id)
    key = sealing.unseal(_PURPOSE, document_id, secret.sealed_key).hex()
    return Opened(row.filename, row.content_type, storage.get_private(secret.file_id, key, AREA))


def decide(
    document_id: str, *, actor: str, approve: bool, reason: str = "", expires_on: date | None = None
) -> None:
    """Verify a pending document until its expiry, or reject it with a reason that the owner reads.

    Raises NotYours, WrongState or Invalid.
    """
    document = _locked(document_id)
    owner = (document.owner_kind, document.owner_id)
    if actor == document.uploaded_by or owner == ("person", actor):
        raise NotYours(_("This is your own document. Someone else has to decide on it."))
    to = rules.move(document.status, Status.VERIFIED if approve else Status.REJECTED)
    why = "" if approve else texts.reason(reason, most=texts.LONG_REASON)
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
    """Make a document unreadable for ever: delete key and salt now, the file after the commit.

    The row without the file's name, the history and the access log stay. Repeating is harmless.
    """
    document = _locked(document_id)
    if document.status == Status.DESTROYED:
        return
    keys, is_its = DocumentKey.__table__, DocumentKey.document_id == document_id
    # Overwritten first: a database may leave the bytes of a deleted row on disk.
    db.session.execute(sa.update(keys).where(is_its).values(sealed_key="0" * 120, salt="0" * 64))
    db.session.execute(sa.delete(keys).where(is_its))
    document.filename = "-"
    _change(document, Status.DESTROYED, actor=actor)
    file_id = document.file_id
    after_commit(("file", file_id), lambda: storage.delete_private(file_id, AREA))


def expire_due() -> int:
    """Mark verified documents that are no longer valid as expired; return how many."""
    due = queries.past_expiry(_today())
    for document_id in due:
        document = _locked(document_id)
        _change(document, Status.EXPIRED, actor="system", reason="past its expiry date")
        _emit(DocumentExpired, document)
    return len(due)


def remind_due() -> int:
    """Announce, once each, verified documents that expire within 30 days; return how many."""
    due = queries.to_remind(_today() + timedelta(days=rules.REMIND_DAYS))
    for document_id in due:
        document = _locked(document_id)
        document.reminded_at = clock.now()
        _emit(DocumentExpiring, document)
    return len(due)


def sweep() -> int:
    """Delete files older than a day that no document with a key refers to; return how many."""
    yesterday = (clock.now() - timedelta(days=1)).timestamp()
    found = storage.names_in(AREA, older_than=yesterday)
    count = 0
    for start in range(0, len(found), _SWEEP_BATCH):
        file_ids = found[start : start + _SWEEP_BATCH]
        for file_id in set(file_ids) - queries.known_files(file_ids):
            storage.delete_private(file_id, AREA)
            count += 1
    return count


def _today() -> date:
    return clock.today(config.settings().time_zone)


def _locked(document_id: str) -> Document:
    return locked(Document, document_id, queries.DocumentMissing(_("There is no such document.")))


def _change(document: Document, to: Status, *, actor: str, reason: str = "") -> None:
    new = rules.move(document.status, to)
    pages = (("documents", document.owner_id),)
    move(document, new, document_event, actor=actor, reason=reason, pages=pages)


def _emit(event: type[DocumentEvent], document: Document) -> None:
    news = event(
        key=f"{event.name}:{document.id}:{clock.now().timestamp()}",
        document_id=document.id,
        owner_kind=document.owner_kind,
        owner_id=document.owner_id,
    )
    outbox.emit(news)
