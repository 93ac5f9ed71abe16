"""One address for every document: sent to whom the owner's feature lets, each look recorded."""

from flask import Blueprint, Response, request

from crowdfund import access, audit, web
from crowdfund.i18n import _

from . import queries, rules, service

bp = Blueprint("documents", __name__)
READERS = access.readers("admin", "compliance")


def _owns_or_reviews(owner_id: str, person: object) -> bool:
    """Let a person open one's own papers, and staff who verify people."""
    return person.id == owner_id or bool(READERS & set(person.roles))  # type: ignore[attr-defined]


service.may_open.register("person", _owns_or_reviews)


@bp.get("/documents/<string(length=32):document_id>")
def file(document_id: str) -> Response:
    """Send a document; somebody who may not read it does not learn that it exists."""
    person, row = web.current_user(), queries.get(document_id)
    if not service.may_open(row, person):
        raise queries.DocumentMissing(_("There is no such document."))
    purpose = _purpose(row, person)
    opened = service.open_document(document_id, viewer=person.id, purpose=purpose)
    if purpose != "own":
        facts = {"owner_kind": row.owner_kind, "owner_id": row.owner_id, "kind": row.kind, "purpose": purpose}
        audit.record(person.id, "document.view", ("document", document_id), facts, roles=person.roles)
    return send(opened)


def send(opened: service.Opened) -> Response:
    """Return a file as a response that no browser runs, guesses about or keeps."""
    response = Response(opened.data, mimetype=opened.content_type)
    # Pictures may be looked at in the browser; a PDF viewer does not work inside a sandbox.
    is_picture = opened.content_type != rules.PDF and "download" not in request.args
    response.headers.set(
        "Content-Disposition", "inline" if is_picture else "attachment", filename=opened.filename
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _purpose(row: queries.DocumentRow, person: object) -> str:
    roles = set(person.roles)  # type: ignore[attr-defined]
    if row.owner == ("person", person.id) or not access.EVERY_STAFF & roles:  # type: ignore[attr-defined]
        return "own"
    return "audit" if roles <= {"regulator"} else "review"
