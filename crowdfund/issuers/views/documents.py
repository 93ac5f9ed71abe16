"""The documents of a company: the list of what is needed, a page to upload each."""

from datetime import datetime
from typing import Any

from flask import Response, abort, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.documents import queries as document_queries
from crowdfund.documents import rules as document_rules
from crowdfund.documents import service as document_service
from crowdfund.issuers import forms
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rows import MemberCompany
from crowdfund.issuers.rules import requirements
from crowdfund.issuers.service import documents as company_documents
from crowdfund.issuers.views.blueprint import COMPANY, bp
from crowdfund.issuers.views.wizard import after
from crowdfund.kernel import access
from crowdfund.kernel.errors import CrowdfundError, FileRefused
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import identity, pages
from crowdfund.people import queries

READERS = access.readers("admin", "compliance")


def _belongs_or_reviews(company_id: str, person: Person) -> bool:
    """Let the team open its company's documents, and staff who verify companies."""
    return issuers_queries.is_member(company_id, person.id) or bool(READERS & set(person.roles))


document_service.may_open.register("company", _belongs_or_reviews)


@bp.get(f"{COMPANY}/documents")
def documents(company_id: str) -> Response:
    """Show which documents are needed, which are there and the status of each."""
    company = _authorise(company_id)
    facts = issuers_queries.filled(company)
    needed = requirements.required(facts["country"])
    kinds = [*needed, *(kind for kind in requirements.KINDS if kind not in needed)]
    return pages.render(
        "issuers/documents.html",
        company=company,
        kinds=[
            (kind, [row for row in facts["documents"] if row.kind == kind], kind in needed)
            for kind in kinds
        ],
        names=requirements.KINDS,
        texts=requirements.TEXTS,
        following=after(company_id, "documents"),
        complete=not requirements.lacking(facts["documents"], facts["country"], verified=False),
        looks=_looks(company_id),
    )


@bp.route(f"{COMPANY}/documents/<kind>", methods=["GET", "POST"])
def document(company_id: str, kind: str) -> BaseResponse:
    """Upload a document of one kind."""
    company = _authorise(company_id)
    if kind not in requirements.KINDS:
        abort(404)
    form = forms.DocumentForm(kind=kind)
    form.file.label.text = requirements.KINDS[kind]
    context: dict[str, Any] = {
        "company": company,
        "kind": kind,
        "form": form,
        "accepted": document_rules.ACCEPTED[kind],
        "name": requirements.KINDS[kind],
        "text": requirements.TEXTS[kind],
        "documents": issuers_queries.documents_of(company_id, [kind]),
    }
    page, partial = "issuers/document.html", "issuers/_document.html"
    if not form.validate_on_submit():
        return pages.render(page, partial, status=422 if form.errors else 200, **context)
    try:
        _store(company_id, kind, form)
    except CrowdfundError as error:
        error.field = error.field or "file"
        put_errors(form, error)
        return pages.render(page, partial, status=error.status, **context)
    return pages.back(_next(company_id))


@bp.post(f"{COMPANY}/documents/<string(length=32):document_id>/remove")
def remove_document(company_id: str, document_id: str) -> BaseResponse:
    """Remove a document that has not been accepted yet."""
    _authorise(company_id)
    company_documents.remove(company_id, document_id, actor=identity.signed_in().id)
    return pages.back(url_for("issuers.documents", company_id=company_id))


def _looks(company_id: str) -> list[tuple[datetime, str, str, str]]:
    """Return when who opened which document and why; our staff by first name."""
    owner, team = ("company", company_id), issuers_queries.member_ids(company_id)
    kinds = {row.id: row.kind for row in document_queries.every_of_owner(owner)}
    looks = document_queries.access_log(owner, most=20)
    people = {viewer: queries.get(viewer) for viewer in {look.viewer for look in looks}}
    found = []
    for look in looks:
        person = people[look.viewer]
        name = (person.name if look.viewer in team else person.first_name) if person else ""
        kind, purpose = kinds[look.document_id], document_rules.PURPOSES[look.purpose]
        found.append((look.at, name or _("our staff"), requirements.KINDS[kind], purpose))
    return found


def _authorise(company_id: str) -> MemberCompany:
    return issuers_queries.for_member(company_id, identity.signed_in().id, "documents")


def _store(company_id: str, kind: str, form: forms.DocumentForm) -> None:
    upload = form.file.data
    if not upload or not getattr(upload, "filename", ""):
        raise FileRefused(_("Choose a file to upload."), field="file")
    data = upload.stream.read()
    company_documents.attach(company_id, kind, upload.filename, data, actor=identity.signed_in().id)


def _next(company_id: str) -> str:
    """Return the page of the next required document, else the list."""
    facts = issuers_queries.filled(issuers_queries.get(company_id))
    lacking = requirements.lacking(facts["documents"], facts["country"], verified=False)
    if lacking:
        return url_for("issuers.document", company_id=company_id, kind=lacking[0])
    return url_for("issuers.documents", company_id=company_id)
