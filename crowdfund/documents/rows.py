"""Rows that queries of documents return."""

from dataclasses import dataclass, field
from datetime import date, datetime

Owner = tuple[str, str]  # kind (person, company, nominee) and id


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

    @property
    def is_picture(self) -> bool:
        """Return whether a browser can show it on a page."""
        return self.content_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class SecretsRow:
    """The stored file of a document, and its secrets, which are in no repr and so in no log."""

    file_id: str
    sealed_key: str = field(repr=False)
    salt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """One access to a document."""

    at: datetime
    viewer: str
    document_id: str
    purpose: str
