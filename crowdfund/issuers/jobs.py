"""What the chain and the documents say about companies."""

from crowdfund.chain.events import WriteConfirmed, WriteEvent, WriteFailed
from crowdfund.documents.events import DocumentEvent, DocumentExpired, DocumentExpiring
from crowdfund.issuers.service import documents as company_documents
from crowdfund.issuers.service import registry
from crowdfund.kernel import outbox


def _is_ours(write: WriteEvent) -> bool:
    return write.subject.kind == "company"


def _is_companys(document: DocumentEvent) -> bool:
    return document.owner_kind == "company"


@outbox.on(WriteConfirmed, where=_is_ours)
def registration_confirmed(writes: list[WriteConfirmed]) -> None:
    """Mark companies that the issuer registry now holds, and what else it took."""
    for write in writes:
        if write.function == "registerIssuer":
            registry.mark_registered(write.subject.id, write.tx_hash)
        else:
            registry.mark_accepted(write.subject.id, write.function, intent_id=write.intent_id)


@outbox.on(WriteFailed, where=_is_ours)
def registration_failed(writes: list[WriteFailed]) -> None:
    """Note why the issuer registry refused a company, or a change of it."""
    for write in writes:
        company_id, reason, intent_id = write.subject.id, write.reason, write.intent_id
        if write.function == "registerIssuer":
            registry.mark_registration_failed(company_id, reason, intent_id=intent_id)
        else:
            registry.mark_refused(company_id, write.function, reason, intent_id=intent_id)


# Queued rows hold the names of these two.
@outbox.on(DocumentExpiring, where=_is_companys)
def paper_expiring(documents: list[DocumentExpiring]) -> None:
    """Notify a company that one of its documents expires soon."""
    for document in documents:
        company_documents.notify_expiry(document.owner_id, document.document_id, soon=True)


@outbox.on(DocumentExpired, where=_is_companys)
def paper_expired(documents: list[DocumentExpired]) -> None:
    """Notify a company that one of its documents has expired."""
    for document in documents:
        company_documents.notify_expiry(document.owner_id, document.document_id, soon=False)
