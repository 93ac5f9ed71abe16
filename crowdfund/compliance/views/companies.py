"""The compliance officer's desk for companies: queue, detail, documents, changes, decisions."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any

from flask import Response, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.compliance.forms import DocumentDecisionForm, RejectForm, StandingForm
from crowdfund.compliance.views.blueprint import bp
from crowdfund.issuers import answers
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rules import declarations, life
from crowdfund.issuers.rules import requirements as required_documents
from crowdfund.issuers.service import changes, registry, reviews, shared
from crowdfund.issuers.service import documents as company_documents
from crowdfund.kernel import exports
from crowdfund.kernel.db.paging import MOST, Page
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.fields import dates
from crowdfund.kernel.forms import named, put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.regions import country_name, sorted_names
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries

COMPANY = "/staff/companies/<string(length=32):company_id>"
_HEADER = (
    "id",
    "legal_name",
    "trade_name",
    "registration_no",
    "sector",
    "country",
    "status",
    "submitted_at",
)


@bp.get("/staff/companies")
def companies() -> Response:
    """List companies, those that wait longest first."""
    page = _filtered()(place=requests.place())
    names = {code: country_name(code) for code in issuers_queries.countries()}
    return pages.render(
        "compliance/companies.html",
        page=page,
        names=queries.names({row.owner_id for row in page.rows}),
        counts=issuers_queries.counts(),
        shown=request.args.get("status", "submitted"),
        countries=[("", _("All")), *sorted_names(names).items()],
    )


@bp.get("/staff/companies.csv")
def companies_csv() -> Response:
    """Send every company that matches the filters: its public data and its status."""
    queue = _filtered()
    rows = exports.walk(lambda place: queue(place=place, size=MOST))
    return exports.csv_file("companies.csv", _HEADER, _lines(rows))


def _filtered() -> Callable[..., Page[Any]]:
    """Return `issuers.queries.queue` with the filters of the request."""
    args = request.args
    status, country = args.get("status", "submitted"), args.get("country", "")
    text = args.get("q", "")[:80]
    return partial(issuers_queries.queue, status=status, text=text, country=country)


def _lines(rows: Iterable[Any]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield tuple(getattr(row, name) for name in _HEADER)


@bp.get(COMPANY)
def company(company_id: str) -> Response:
    """Show one company to its reviewer."""
    return _detail(company_id)


@bp.get(f"{COMPANY}/state")
def company_state(company_id: str) -> Response:
    """Show the status of a company, alone, for live updates."""
    found = issuers_queries.get(company_id)
    return pages.render("compliance/_company_state.html", company=found, **_history(company_id))


@bp.post(f"{COMPANY}/approve")
def approve(company_id: str) -> BaseResponse:
    """Verify a company."""
    try:
        reviews.approve(company_id, actor=_me())
    except shared.Incomplete as error:
        return _refused(company_id, "form", RejectForm(formdata=None), error)
    pages.flash(_("Verified. The company is being entered in the issuer registry."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/reject")
def reject(company_id: str) -> BaseResponse:
    """Reject a company with a reason."""
    form = RejectForm()
    try:
        reviews.reject(company_id, form.reason.data or "", actor=_me())
    except CrowdfundError as error:
        return _refused(company_id, "form", form, error)
    pages.flash(_("Sent back. The owner can read your reason."), "success")
    return pages.back(url_for("compliance.companies"))


@bp.post(f"{COMPANY}/documents/<string(length=32):document_id>/decide")
def decide_company_document(company_id: str, document_id: str) -> BaseResponse:
    """Accept or reject one document."""
    form, approve = DocumentDecisionForm(), request.form.get("decision") == "approve"
    me, reason = _me(), form.reason.data or ""
    try:
        until = _last_day(form.expires_on.data) if approve else None
        company_documents.decide(
            company_id, document_id, actor=me, approve=approve, reason=reason, expires_on=until
        )
    except CrowdfundError as error:
        if error.field not in ("reason", "expires_on"):
            raise
        put_errors(form, error)
        return _detail(company_id, status=422, document_form=(document_id, form))
    rejected = _("Rejected. The owner can read your reason.")
    pages.flash(_("Accepted.") if approve else rejected, "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/changes/approve")
def approve_changes(company_id: str) -> BaseResponse:
    """Put the pending changes in force."""
    changes.approve(company_id, actor=_me())
    pages.flash(_("The changes are in force. The issuer registry is being updated."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/changes/reject")
def reject_changes(company_id: str) -> BaseResponse:
    """Reject the changes with a reason; what was verified stays in force."""
    form = RejectForm()
    try:
        changes.reject(company_id, form.reason.data or "", actor=_me())
    except CrowdfundError as error:
        return _refused(company_id, "form", form, error)
    pages.flash(_("Sent back. The owner can read your reason."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/deactivate")
def deactivate(company_id: str) -> BaseResponse:
    """Stop new campaigns of a company; running ones continue."""
    done = _("Deactivated. Running campaigns continue.")
    return _set_standing(company_id, reviews.deactivate, done)


@bp.post(f"{COMPANY}/reactivate")
def reactivate(company_id: str) -> BaseResponse:
    """Let a company start campaigns again."""
    done = _("Active again. The issuer registry is being updated.")
    return _set_standing(company_id, reviews.reactivate, done)


@bp.post(f"{COMPANY}/register-again")
def register_again(company_id: str) -> BaseResponse:
    """Register the company again after the registry refused it."""
    registry.again(company_id, actor=_me())
    pages.flash(_("We are sending it to the issuer registry again."), "info")
    return _back(company_id)


# --- helpers --------------------------------------------------------------------------------------


def _me() -> str:
    return identity.signed_in().id


def _back(company_id: str) -> BaseResponse:
    return pages.back(url_for("compliance.company", company_id=company_id))


def _last_day(text: str | None) -> date | None:
    return dates.day(text, "expires_on", "") if (text or "").strip() else None


def _set_standing(company_id: str, verb: Callable[..., None], done: str) -> BaseResponse:
    form = StandingForm()
    try:
        verb(company_id, form.reason.data or "", actor=_me())
    except CrowdfundError as error:
        return _refused(company_id, "standing_form", form, error)
    pages.flash(done, "success")
    return _back(company_id)


def _refused(company_id: str, name: str, form: FlaskForm, error: CrowdfundError) -> Response:
    """Show why a decision was refused on the page; other errors have pages of their own."""
    if error.field != "reason" and not isinstance(error, shared.Incomplete):
        raise error
    put_errors(form, error)
    return _detail(company_id, status=error.status, **{name: form})


def _history(company_id: str) -> dict[str, Any]:
    events = issuers_queries.history(company_id)
    return {"events": events, "names": queries.names({event.actor for event in events})}


def _detail(
    company_id: str,
    *,
    status: int = 200,
    form: FlaskForm | None = None,
    standing_form: FlaskForm | None = None,
    document_form: tuple[str, FlaskForm] | None = None,
) -> Response:
    found = issuers_queries.get(company_id)
    typed_for, typed = document_form or ("", None)
    file = answers.answers(found, editable=False) | answers.changes(found)
    return pages.render(
        "compliance/company.html",
        status=status,
        form=form or RejectForm(formdata=None),
        standing_form=named(standing_form or StandingForm(formdata=None), "standing"),
        document_forms=[
            (row, _document_form(row.id, typed if row.id == typed_for else None))
            for row in issuers_queries.documents_of(company_id)
            if row.status == "pending"
        ],
        wrong=form or standing_form or typed,
        expiring=required_documents.EXPIRING,
        is_own=not life.may_review(_me(), issuers_queries.member_ids(company_id)),
        declarations=issuers_queries.declarations(company_id),
        statements=declarations.STATEMENTS,
        holder_to_compare=answers.holder_to_compare(file),
        **file,
        **_history(company_id),
    )


def _document_form(document_id: str, typed: FlaskForm | None) -> FlaskForm:
    return named(typed or DocumentDecisionForm(formdata=None), document_id)
