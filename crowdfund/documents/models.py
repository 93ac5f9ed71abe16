"""Tables of documents: the upload, the key that opens it, decisions, the access log."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.documents.rules import Status
from crowdfund.kernel.db import ID, Base, UTCDateTime, append_only, event_table, new_id, one_of


class Document(Base):
    """One uploaded document of a person, company or nominee; its bytes are encrypted in storage."""

    __tablename__ = "document"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    owner_kind: Mapped[str] = mapped_column(sa.String(16))
    owner_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str] = mapped_column(sa.String(32))
    filename: Mapped[str] = mapped_column(sa.String(120))
    content_type: Mapped[str] = mapped_column(sa.String(40))
    size: Mapped[int]
    # Salted: a plain hash would confirm a guess of the document.
    sha256_commitment: Mapped[str] = mapped_column(sa.String(66))
    file_id: Mapped[str] = mapped_column(ID, unique=True)
    status: Mapped[str] = mapped_column(sa.String(16), default=Status.PENDING)
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    expires_on: Mapped[date | None]
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uploaded_by: Mapped[str] = mapped_column(ID)
    uploaded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    replaced_by: Mapped[str | None] = mapped_column(ID)
    __table_args__ = (
        one_of("status", *Status),
        one_of("owner_kind", "person", "company", "nominee"),
        sa.Index(None, "owner_kind", "owner_id"),
        sa.Index(None, "status", "expires_on"),
    )


class DocumentKey(Base):
    """The key and salt of a document, in a table of its own, so that backups can leave it out."""

    __tablename__ = "document_key"
    document_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("document.id"), primary_key=True)
    sealed_key: Mapped[str] = mapped_column(sa.String(160))
    salt: Mapped[str] = mapped_column(sa.String(64))


@append_only
class DocumentView(Base):
    """An access to a document."""

    __tablename__ = "document_view"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("document.id"), index=True)
    viewer: Mapped[str] = mapped_column(ID, index=True)
    purpose: Mapped[str] = mapped_column(sa.String(16))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


document_event = event_table("document")
