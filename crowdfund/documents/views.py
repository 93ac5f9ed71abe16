"""One address for every document: sent to whom the owner's feature lets, each look recorded."""

from flask import Blueprint, Response

from crowdfund.documents import queries, sending, service
from crowdfund.kernel import access, audit
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity

bp = Blueprint("documents", __name__)
READERS = access.readers("admin", "compliance")


def _owns_or_reviews(owner_id: str, person: object) -> bool:
    """Let a person open one's own documents, and staff who verify people."""
    return person.id == owner_id or bool(READERS & set(person.roles))  # type: ignore[attr-defined]


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
        facts = {
            "owner_kind": row.owner_kind,
            "owner_id": row.owner_id,
            "kind": row.kind,
            "purpose": purpose,
        }
        audit.record(
            person.id, "document.view", ("document", document_id), facts, roles=person.roles
        )
    return sending.send(opened)


def _purpose(row: queries.DocumentRow, person: object) -> str:
    roles = set(person.roles)  # type: ignore[attr-defined]
    if row.owner == ("person", person.id) or not access.EVERY_STAFF & roles:  # type: ignore[attr-defined]
        return "own"
    return "audit" if roles <= {"regulator"} else "review"
