"""The papers of a company: the list of what is needed, a page to upload each."""

from typing import Any

from flask import Response, abort, url_for
from sqlalchemy import Row
from werkzeug.wrappers import Response as BaseResponse

from crowdfund import access, web
from crowdfund.accounts import queries as accounts
from crowdfund.documents import queries as document_queries
from crowdfund.documents import rules as document_rules
from crowdfund.documents import service as document_service
from crowdfund.errors import CrowdfundError, FileRefused
from crowdfund.i18n import _

from .. import forms, queries, rules, service
from .blueprint import COMPANY, bp
from .wizard import after

READERS = access.readers("admin", "compliance")


def _belongs_or_reviews(company_id: str, person: Any) -> bool:  # noqa: ANN401 - the signed-in person
    """Let the team open its company's papers, and staff who verify companies."""
    return queries.is_member(company_id, person.id) or bool(READERS & set(person.roles))


document_service.may_open.register("company", _belongs_or_reviews)


@bp.get(f"{COMPANY}/documents")
def documents(company_id: str) -> Response:
    """Show which papers are needed, which are there and how each stands."""
    company = _mine(company_id)
    facts = queries.filled(company)
    needed = rules.required(facts["country"])
    kinds = [*needed, *(kind for kind in rules.KINDS if kind not in needed)]
    return web.render(
        "issuers/documents.html",
        company=company,
        kinds=[
            (kind, [row for row in facts["documents"] if row.kind == kind], kind in needed) for kind in kinds
        ],
        names=rules.KINDS,
        texts=rules.TEXTS,
        following=after(company_id, "documents"),
        complete=not rules.lacking(facts["documents"], facts["country"], verified=False),
        looks=_looks(company_id),
    )


@bp.route(f"{COMPANY}/documents/<kind>", methods=["GET", "POST"])
def paper(company_id: str, kind: str) -> BaseResponse:
    """Upload a paper of one kind."""
    company = _mine(company_id)
    if kind not in rules.KINDS:
        abort(404)
    form = forms.PaperForm(kind=kind)
    form.file.label.text = rules.KINDS[kind]
    context: dict[str, Any] = {
        "company": company,
        "kind": kind,
        "form": form,
        "accepted": document_rules.ACCEPTED[kind],
        "name": rules.KINDS[kind],
        "text": rules.TEXTS[kind],
        "papers": queries.papers(company_id, [kind]),
    }
    page, partial = "issuers/paper.html", "issuers/_paper.html"
    if not form.validate_on_submit():
        return web.render(page, partial, status=422 if form.errors else 200, **context)
    try:
        _store(company_id, kind, form)
    except CrowdfundError as error:
        error.field = error.field or "file"
        forms.put_errors(form, error)
        return web.render(page, partial, status=error.status, **context)
    return web.back(_next(company_id))


@bp.post(f"{COMPANY}/documents/<string(length=32):document_id>/remove")
def remove_paper(company_id: str, document_id: str) -> BaseResponse:
    """Take back a paper that nobody has accepted yet."""
    _mine(company_id)
    service.papers.remove(company_id, document_id, actor=web.current_user().id)
    return web.back(url_for("issuers.documents", company_id=company_id))


def _looks(company_id: str) -> list[tuple[Any, str, str, str]]:
    """Return when who opened which paper and why; colleagues of ours by first name."""
    owner, team = ("company", company_id), queries.member_ids(company_id)
    kinds = {row.id: row.kind for row in document_queries.every_of_owner(owner)}
    looks = document_queries.looked_at(owner, most=20)
    people = {viewer: accounts.get(viewer) for viewer in {look.viewer for look in looks}}
    found = []
    for look in looks:
        person = people[look.viewer]
        name = (person.name if look.viewer in team else person.first_name) if person else ""
        found.append((look.at, name or _("our staff"), rules.KINDS[kinds[look.document_id]],
                      document_rules.PURPOSES[look.purpose]))  # fmt: skip
    return found


def _mine(company_id: str) -> Row[Any]:
    return queries.for_member(company_id, web.current_user().id, "documents")


def _store(company_id: str, kind: str, form: forms.PaperForm) -> None:
    upload = form.file.data
    if not upload or not getattr(upload, "filename", ""):
        raise FileRefused(_("Choose a file to upload."), field="file")
    data = upload.stream.read()
    service.papers.attach(company_id, kind, upload.filename, data, actor=web.current_user().id)


def _next(company_id: str) -> str:
    """Return the page of the next required paper, else the list."""
    facts = queries.filled(queries.get(company_id))
    lacking = rules.lacking(facts["documents"], facts["country"], verified=False)
    if lacking:
        return url_for("issuers.paper", company_id=company_id, kind=lacking[0])
    return url_for("issuers.documents", company_id=company_id)
