"""The desk that verifies people: queue, one person's file, decisions."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.compliance.forms import LevelForm, PaperForm
from crowdfund.compliance.queries import desk, files, reviews
from crowdfund.compliance.queries import nominees as nominees_queries
from crowdfund.compliance.rules import nominees as nominees_rules
from crowdfund.compliance.rules import requirements
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import nominees as nominees_service
from crowdfund.compliance.service import reviews as reviews_service
from crowdfund.compliance.views import tasks
from crowdfund.compliance.views.blueprint import bp
from crowdfund.documents.queries import DocumentRow
from crowdfund.kernel import exports
from crowdfund.kernel.db.paging import MOST
from crowdfund.kernel.errors import CrowdfundError, NotFound
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.payout_accounts import queries as payout_accounts_queries
from crowdfund.people import queries

PERSON = "/staff/people/<string(length=32):person_id>"


@bp.get("/staff/people")
def people() -> Response:
    """List people with their verification: those that wait longest first."""
    wanted = _wanted()
    return pages.render(
        "compliance/people.html", page=desk.queue(wanted, requests.place()), counts=desk.counts(),
        shown=wanted.status, level_names=requirements.LEVEL_NAMES,
    )  # fmt: skip


@bp.get("/staff/people.csv")
def people_csv() -> Response:
    """Send everyone who fits the filters: status and waiting time, no facts and no documents."""
    wanted = _wanted()
    header = (
        "id",
        "name",
        "status",
        "level",
        "expires_on",
        "asks_for",
        "nominees_waiting",
        "waiting_since",
    )
    rows = exports.walk(lambda place: desk.queue(wanted, place, size=MOST))
    return exports.csv_file("people.csv", header, _lines(rows))


def _lines(rows: Iterable[Any]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        name = row.legal_name or f"{row.first_name} {row.last_name}".strip()
        yield (
            row.person_id, name, row.kyc_status, row.kyc_level, row.kyc_expires_on, row.asks_for,
            row.nominees_waiting, row.waiting_since,
        )  # fmt: skip


@bp.get(PERSON)
def person(person_id: str) -> Response:
    """Show one person's file to a reviewer."""
    return _detail(person_id)


@bp.post(PERSON + "/documents/<string(length=32):document_id>")
def decide_document(person_id: str, document_id: str) -> BaseResponse:
    """Accept or reject one document."""
    form = _named(PaperForm(), document_id)
    try:
        decision = _decision(form)
        reviews_service.decide_document(
            person_id, document_id, decision, actor=identity.signed_in().id
        )
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    pages.flash(
        _("Accepted.") if decision.approve else _("Rejected. The person can read your reason."),
        "success",
    )
    return _back(person_id, "documents")


@bp.post(PERSON + "/payout-account")
def decide_payout(person_id: str) -> BaseResponse:
    """Verify or reject the payout account that waits."""
    form = _named(PaperForm(), "payout")
    try:
        decision, me = _decision(form), identity.signed_in().id
        reviews_service.decide_payout(person_id, decision, actor=me)
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    pages.flash(
        _("Verified.") if decision.approve else _("Rejected. The person can read your reason."),
        "success",
    )
    return _back(person_id, "payout")


@bp.post(PERSON + "/nominees/<string(length=32):nominee_id>")
def decide_nominee(person_id: str, nominee_id: str) -> BaseResponse:
    """Verify or reject one nominee with the identity proof."""
    form = _named(PaperForm(), nominee_id)
    try:
        decision, me = _decision(form), identity.signed_in().id
        nominees_service.decide(nominee_id, person_id, decision, actor=me, revision=_revision())
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    pages.flash(
        _("Verified.") if decision.approve else _("Rejected. The person can read your reason."),
        "success",
    )
    return _back(person_id, "nominees")


@bp.post(PERSON + "/approve")
def approve_person(person_id: str) -> BaseResponse:
    """Give the level that was asked for, or propose the enhanced one."""
    me, only_basic = identity.signed_in().id, request.form.get("level") == "basic"
    status = reviews_service.approve(
        person_id, actor=me, revision=_revision(), only_basic=only_basic
    )
    proposed = _("Proposed. A second colleague has to confirm the enhanced level.")
    pages.flash(proposed if status == "proposed" else _("Verified."), "success")
    return _back(person_id)


@bp.post(PERSON + "/reject")
def reject_person(person_id: str) -> BaseResponse:
    """Send a request back with a reason."""
    form = _named(LevelForm(), "reject")
    try:
        me, reason = identity.signed_in().id, form.reason.data or ""
        reviews_service.reject(person_id, actor=me, revision=_revision(), reason=reason)
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    pages.flash(_("Sent back. The person can read your reason."), "success")
    return _back(person_id)


@bp.post(PERSON + "/revoke")
def revoke_person(person_id: str) -> BaseResponse:
    """Take a given level away with a reason."""
    form = _named(LevelForm(), "revoke")
    try:
        reviews_service.revoke(
            person_id, actor=identity.signed_in().id, reason=form.reason.data or ""
        )
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    pages.flash(_("The verification was removed. The person can read your reason."), "success")
    return _back(person_id)


# --- helpers ----------------------------------------------------------------------------------------


def _wanted() -> desk.Wanted:
    args = request.args
    return desk.Wanted(
        args.get("status", "waiting"), args.get("level", ""), args.get("q", "")[:100]
    )


def _named(form: FlaskForm, thing: str) -> FlaskForm:
    """Give a form's fields ids of their own: the page holds several forms with the same names."""
    for field in form:
        field.id = f"{field.name}-{thing}"
        field.label.field_id = field.id
    return form


def _decision(form: FlaskForm) -> Decision:
    if form.decision.data not in ("accept", "reject"):
        raise CrowdfundError(_("Choose accept or reject."), status=422, field="decision")
    return Decision(form.decision.data == "accept", form.reason.data or "", form.until.data or "")


def _revision() -> int:
    """Return which revision of the file was on the screen; none that exists if it is not given."""
    return request.form.get("revision", -1, type=int)


def _back(person_id: str, anchor: str = "") -> BaseResponse:
    return pages.back(url_for("compliance.person", person_id=person_id, _anchor=anchor or None))


def _refused(person_id: str, form: FlaskForm, error: CrowdfundError) -> Response:
    """Show what was entered again with the sentence at its field; other refusals are pages of their own."""
    if error.field not in form:
        raise error
    put_errors(form, error)
    return _detail(person_id, form, status=error.status)


def _detail(person_id: str, refused: FlaskForm | None = None, *, status: int = 200) -> Response:
    found = queries.get(person_id)
    if found is None:
        raise NotFound(_("There is no such person."))
    file, review = files.snapshot(person_id), reviews.open_review(person_id)
    papers, nominees = files.papers(person_id), nominees_queries.of_person(person_id)
    proofs = nominees_queries.proofs([one.id for one in nominees])
    events = reviews.history(person_id)
    me = identity.signed_in().id
    context: dict[str, Any] = {
        "person": found, "file": file, "review": review, "papers": papers, "nominees": nominees,
        "proofs": proofs, "events": events, "refused": refused, "is_own": me == person_id,
        "revision": files.revision(person_id),
        "is_second": review is not None and review.proposed_by == me,
        "answers": _answers(person_id, file),
        "same_number": [one for one in map(queries.get, files.same_number(person_id)) if one],
        "forms": {one.id: _form(PaperForm, one.id, refused) for one in (*papers, *nominees)}
        | {"payout": _form(PaperForm, "payout", refused)},
        "payout": payout_accounts_queries.payout_account_of(person_id),
        "reject_form": _form(LevelForm, "reject", refused),
        "revoke_form": _form(LevelForm, "revoke", refused),
        "unproven": requirements.unproven(file, review.level) if review else [],
        "may_be_basic": review is not None and review.level == "enhanced" and review.status == "submitted"
        and found.kyc_level == "none" and not requirements.unproven(file, "basic"),
        "sum_words": nominees_rules.sum_words(one.share_bp for one in nominees) if nominees else "",
        "percent": nominees_rules.percent, "relationships": nominees_rules.RELATIONSHIPS,
        "level_names": requirements.LEVEL_NAMES, "kind_names": requirements.KIND_NAMES,
        "names": queries.names({event.actor for event in events} | {_proposer(review)}),
        "not_needed": _not_needed(file, papers, review),
    }  # fmt: skip
    return pages.render("compliance/person.html", status=status, **context)


def _answers(person_id: str, file: requirements.File) -> list[dict[str, Any]]:
    """Return the facts with the readable number: the reviewer compares it with the document."""
    facts = {**file.facts, "id_number": files.id_number(person_id)}
    return tasks.answers(requirements.File(facts=facts), None)


def _proposer(review: Any) -> str:  # noqa: ANN401 - a row
    return str(review.proposed_by or "") if review is not None else ""


def _not_needed(file: requirements.File, papers: list[DocumentRow], review: Any) -> set[str]:  # noqa: ANN401 - a row
    """Return the documents that the level asked for does not need."""
    level = review.level if review is not None else "enhanced"
    asked = requirements.asked(file, level)
    needed = {kind for one in asked for kind in requirements.kinds_for(file, one)}
    return {paper.id for paper in papers if paper.kind not in needed}


def _form(kind: type[FlaskForm], thing: str, refused: FlaskForm | None) -> FlaskForm:
    """Return the form of a thing: the one that was refused just now with its errors, else an empty one."""
    if refused is not None and refused.reason.id == f"reason-{thing}":
        return refused
    return _named(kind(formdata=None), thing)
