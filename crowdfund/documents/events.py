"""The end of a document's validity, for the features that rely on it."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class DocumentEvent(Event):
    """Base: the document and whose it is."""

    document_id: str
    owner_kind: str
    owner_id: str


@dataclass(frozen=True, kw_only=True)
class DocumentExpiring(DocumentEvent, name="document.expiring"):
    """A verified document expires within 30 days."""


@dataclass(frozen=True, kw_only=True)
class DocumentExpired(DocumentEvent, name="document.expired"):
    """A verified document is no longer valid."""
