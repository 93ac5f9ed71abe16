"""Documents of a company: stored by the documents feature, decided on one by one."""

from datetime import date

from crowdfund.documents import queries as documents
from crowdfund.documents import service as document_service
from crowdfund.documents.rows import DocumentRow
from crowdfund.issuers import queries
from crowdfund.issuers.rules import requirements
from crowdfund.issuers.rules.life import Status
from crowdfund.issuers.rules.team import Role
from crowdfund.issuers.service import registry
from crowdfund.issuers.service.shared import locked, note, notify, reviewable, touch, writable
from crowdfund.kernel.errors import NotFound, WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _


def attach(company_id: str, kind: str, filename: str, data: bytes, *, actor: str) -> str:
    """Store a document in place of one of its kind that is not accepted yet; return its id.

    A verified document stays in force until the newer one is verified too. Raises FileRefused,
    Invalid, Unavailable (scanner) or WrongState.
    """
    texts.choice(kind, "kind", _("Choose a kind of document from the list."), requirements.KINDS)
    return keep(company_id, document_service.examine(kind, filename, data), actor=actor)


def keep(company_id: str, examined: document_service.Examined, *, actor: str) -> str:
    """Store an examined document, or one that the platform has made; else like `attach`."""
    company = writable(company_id)
    for older in queries.documents_of(company_id, [examined.kind]):
        if older.status in ("pending", "rejected") and examined.kind != "other":
            document_service.destroy(older.id, actor=actor)
    document_id = document_service.keep(("company", company_id), examined, actor=actor)
    touch(company)
    return document_id


def remove(company_id: str, document_id: str, *, actor: str) -> None:
    """Remove a document that is not accepted yet; raises WrongState for an accepted one."""
    company = writable(company_id)
    found = of_company(company_id, document_id)
    if found.status not in ("pending", "rejected"):
        raise WrongState(_("An accepted document cannot be removed. Upload a newer one instead."))
    document_service.destroy(document_id, actor=actor)
    touch(company)


def decide(
    company_id: str,
    document_id: str,
    *,
    actor: str,
    approve: bool,
    reason: str = "",
    expires_on: date | None = None,
) -> None:
    """Accept a document until its expiry, or reject it with a reason.

    An accepted document replaces older ones of its kind. If the company is verified, the registry
    gets the new commitment. Raises NotYours, WrongState, Invalid.
    """
    company = reviewable(company_id, actor)
    found = of_company(company_id, document_id)
    document_service.decide(
        document_id, actor=actor, approve=approve, reason=reason, expires_on=expires_on
    )
    if approve and found.kind != "other":
        for older in queries.documents_of(company_id, [found.kind]):
            if older.id != document_id and older.status in ("verified", "expired"):
                document_service.supersede(older.id, document_id, actor=actor)
    note(company, actor, f"{'accepted' if approve else 'rejected'} a document: {found.kind}")
    touch(company)
    if approve and company.status == Status.VERIFIED:
        registry.refresh(company)
    if not approve:
        context = {"document": found.kind, "reason": reason}
        key = f"document:{document_id}"
        notify(company, "company.document_rejected", key=key, roles=_MANAGERS, **context)


def notify_expiry(company_id: str, document_id: str, *, soon: bool) -> None:
    """Notify those who manage the documents that one expires soon, or has expired."""
    company, found = locked(company_id), documents.get(document_id)
    kind = "company.document_expiring" if soon else "company.document_expired"
    context = {"document": found.kind}
    if found.expires_on:
        context["expires_on"] = found.expires_on.isoformat()
    notify(company, kind, key=f"{kind[17:]}:{document_id}", roles=_MANAGERS, **context)
    touch(company)


def of_company(company_id: str, document_id: str) -> DocumentRow:
    """Return a document of this company; raises NotFound for any other."""
    found = documents.get(document_id)
    if found.owner != ("company", company_id):
        raise NotFound(_("There is no such document."))
    return found


_MANAGERS = (Role.OWNER, Role.MANAGER)
