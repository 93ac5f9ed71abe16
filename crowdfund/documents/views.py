"""One address for all documents: the owner's feature authorises, every access is recorded."""

from flask import Blueprint, Response

from crowdfund.documents import queries, sending, service
from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel import access, audit
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import identity

bp = Blueprint("documents", __name__)
READERS = access.readers("admin", "compliance")


def _owns_or_reviews(owner_id: str, person: Person) -> bool:
    """Let people open their own documents, and staff who verify people."""
    return person.id == owner_id or bool(READERS & set(person.roles))


service.may_open.register("person", _owns_or_reviews)


@bp.get("/documents/<string(length=32):document_id>")
def file(document_id: str) -> Response:
    """Send a document; someone who may not read it does not learn that it exists."""
    person, row = identity.signed_in(), queries.get(document_id)
    if not service.may_open(row, person):
        raise queries.DocumentMissing(_("There is no such document."))
    purpose = _purpose(row, person)
    opened = service.open_document(document_id, viewer=person.id, purpose=purpose)
    if purpose != "own":
        owner = {"owner_kind": row.owner_kind, "owner_id": row.owner_id}
        facts = {**owner, "kind": row.kind, "purpose": purpose}
        subject = ("document", document_id)
        audit.record(person.id, "document.view", subject, facts, roles=person.roles)
    return sending.send(opened)


def _purpose(row: DocumentRow, person: Person) -> str:
    roles = set(person.roles)
    if row.owner == ("person", person.id) or not access.EVERY_STAFF & roles:
        return "own"
    return "audit" if roles <= {"regulator"} else "review"
