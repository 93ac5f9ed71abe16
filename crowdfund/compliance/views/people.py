"""The desk that verifies people: the list, one person's file, decisions."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.compliance.forms import DocumentForm, LevelForm
from crowdfund.compliance.queries import desk, files, reviews
from crowdfund.compliance.queries import nominees as nominees_queries
from crowdfund.compliance.rows import NomineeRow, QueueRow, ReviewRow
from crowdfund.compliance.rules import nominees as nominees_rules
from crowdfund.compliance.rules import requirements
from crowdfund.compliance.rules import reviews as reviews_rules
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import nominees as nominees_service
from crowdfund.compliance.service import reviews as reviews_service
from crowdfund.compliance.service.shared import person_of
from crowdfund.compliance.views import tasks
from crowdfund.compliance.views.blueprint import bp
from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel import exports
from crowdfund.kernel.db.paging import MOST
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.fields import percents
from crowdfund.kernel.fields.names import Match, compare_people
from crowdfund.kernel.forms import named, put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person, full_name
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.payout_accounts import queries as payout_accounts_queries
from crowdfund.people import queries

PERSON = "/staff/people/<string(length=32):person_id>"
HEADER = (
    "id",
    "name",
    "status",
    "level",
    "expires_on",
    "asks_for",
    "nominees_waiting",
    "waiting_since",
)


@bp.get("/staff/people")
def people() -> Response:
    """List people with their verification, those that wait longest first."""
    wanted = _wanted()
    return pages.render(
        "compliance/people.html",
        page=desk.queue(wanted, requests.place()),
        counts=desk.counts(),
        shown=wanted.status,
        level_names=requirements.LEVEL_NAMES,
    )


@bp.get("/staff/people.csv")
def people_csv() -> Response:
    """Send everyone who matches the filters: status and waiting time, no facts and no documents."""
    wanted = _wanted()
    rows = exports.walk(lambda place: desk.queue(wanted, place, size=MOST))
    return exports.csv_file("people.csv", HEADER, _lines(rows))


def _lines(rows: Iterable[QueueRow]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        name = row.legal_name or full_name(row.first_name, row.last_name)
        yield (
            row.person_id,
            name,
            row.kyc_status,
            row.kyc_level,
            row.kyc_expires_on,
            row.asks_for,
            row.nominees_waiting,
            row.waiting_since,
        )


@bp.get(PERSON)
def person(person_id: str) -> Response:
    """Show one person's file to a reviewer."""
    return _detail(person_id)


@bp.post(PERSON + "/documents/<string(length=32):document_id>")
def decide_document(person_id: str, document_id: str) -> BaseResponse:
    """Accept or reject one document."""
    form = named(DocumentForm(), document_id)
    try:
        decision, me = _decision(form), identity.signed_in().id
        reviews_service.decide_document(person_id, document_id, decision, actor=me)
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    _flash_decision(decision, _("Accepted."))
    return _back(person_id, "documents")


@bp.post(PERSON + "/payout-account")
def decide_payout(person_id: str) -> BaseResponse:
    """Verify or reject the pending payout account."""
    form = named(DocumentForm(), "payout")
    try:
        decision, me = _decision(form), identity.signed_in().id
        reviews_service.decide_payout(person_id, decision, actor=me)
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    _flash_decision(decision, _("Verified."))
    return _back(person_id, "payout")


@bp.post(PERSON + "/nominees/<string(length=32):nominee_id>")
def decide_nominee(person_id: str, nominee_id: str) -> BaseResponse:
    """Verify or reject one nominee with the identity proof."""
    form = named(DocumentForm(), nominee_id)
    try:
        decision, me = _decision(form), identity.signed_in().id
        nominees_service.decide(nominee_id, person_id, decision, actor=me, revision=_revision())
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    _flash_decision(decision, _("Verified."))
    return _back(person_id, "nominees")


@bp.post(PERSON + "/approve")
def approve_person(person_id: str) -> BaseResponse:
    """Give the requested level, or propose the enhanced one."""
    me, only_basic = identity.signed_in().id, request.form.get("level") == "basic"
    seen = _revision()
    status = reviews_service.approve(person_id, actor=me, revision=seen, only_basic=only_basic)
    proposed = _("Proposed. A second colleague has to confirm the enhanced level.")
    pages.flash(proposed if status == "proposed" else _("Verified."), "success")
    return _back(person_id)


@bp.post(PERSON + "/reject")
def reject_person(person_id: str) -> BaseResponse:
    """Reject a request with a reason."""
    form = named(LevelForm(), "reject")
    try:
        me, reason = identity.signed_in().id, form.reason.data or ""
        reviews_service.reject(person_id, actor=me, revision=_revision(), reason=reason)
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    pages.flash(_("Sent back. The person can read your reason."), "success")
    return _back(person_id)


@bp.post(PERSON + "/revoke")
def revoke_person(person_id: str) -> BaseResponse:
    """Revoke a level with a reason."""
    form = named(LevelForm(), "revoke")
    try:
        me, reason = identity.signed_in().id, form.reason.data or ""
        reviews_service.revoke(person_id, actor=me, reason=reason)
    except CrowdfundError as error:
        return _refused(person_id, form, error)
    pages.flash(_("The verification was removed. The person can read your reason."), "success")
    return _back(person_id)


# --- helpers --------------------------------------------------------------------------------------


def _wanted() -> desk.Wanted:
    args = request.args
    status, level = args.get("status", "waiting"), args.get("level", "")
    return desk.Wanted(status, level, args.get("q", "")[:100])


def _decision(form: FlaskForm) -> Decision:
    if form.decision.data not in ("accept", "reject"):
        raise CrowdfundError(_("Choose accept or reject."), status=422, field="decision")
    is_accepted, reason, until = form.decision.data == "accept", form.reason.data, form.until.data
    return Decision(is_accepted, reason or "", until or "", is_endless=form.is_endless.data)


def _revision() -> int:
    """Return the revision that the page has shown; -1, which never exists, if it is missing."""
    return request.form.get("revision", -1, type=int)


def _flash_decision(decision: Decision, approved: str) -> None:
    rejected = _("Rejected. The person can read your reason.")
    pages.flash(approved if decision.approve else rejected, "success")


def _back(person_id: str, anchor: str = "") -> BaseResponse:
    return pages.back(url_for("compliance.person", person_id=person_id, _anchor=anchor or None))


def _refused(person_id: str, form: FlaskForm, error: CrowdfundError) -> Response:
    """Show the input again with the error at its field; other errors have pages of their own."""
    if error.field not in form:
        raise error
    put_errors(form, error)
    return _detail(person_id, form, status=error.status)


def _detail(person_id: str, refused: FlaskForm | None = None, *, status: int = 200) -> Response:
    person = person_of(person_id)
    file, review = files.snapshot(person_id), reviews.open_review(person_id)
    documents, nominees = files.documents_of(person_id), nominees_queries.of_person(person_id)
    things = [*(one.id for one in documents), *(one.id for one in nominees), "payout"]
    return pages.render(
        "compliance/person.html",
        status=status,
        person=person,
        is_own=identity.signed_in().id == person_id,
        same_number=[one for one in map(queries.get, files.same_number(person_id)) if one],
        answers=_answers(person_id, file),
        documents=documents,
        **_payout(person),
        level_names=requirements.LEVEL_NAMES,
        kind_names=requirements.KIND_NAMES,
        may_be_endless=requirements.MAY_BE_ENDLESS,
        not_needed=_not_needed(file, documents, review),
        **_forms(things, refused),
        **_nominees(nominees),
        **_request(person, file, review),
        **_history(person_id, review),
    )


def _payout(person: Person) -> dict[str, Any]:
    """Return the payout account, and both names if only a person can say that they are one."""
    payout = payout_accounts_queries.payout_account_of(person.id)
    name = full_name(person.first_name, person.last_name)
    is_same = payout is None or compare_people(name, payout.holder) is Match.SAME
    both = None if is_same or payout is None else {"holder": payout.holder, "name": name}
    return {"payout": payout, "holder_to_compare": both}


def _forms(things: list[str], refused: FlaskForm | None) -> dict[str, Any]:
    """Return a form for each thing to decide on; the refused one is shown again."""
    return {
        "refused": refused,
        "forms": {one: _form(DocumentForm, one, refused) for one in things},
        "reject_form": _form(LevelForm, "reject", refused),
        "revoke_form": _form(LevelForm, "revoke", refused),
    }


def _nominees(nominees: list[NomineeRow]) -> dict[str, Any]:
    words = nominees_rules.sum_words(one.share_bp for one in nominees) if nominees else ""
    return {
        "nominees": nominees,
        "proofs": nominees_queries.proofs([one.id for one in nominees]),
        "sum_words": words,
        "percent": percents.percent,
        "relationships": nominees_rules.RELATIONSHIPS,
    }


def _request(person: Person, file: requirements.File, review: ReviewRow | None) -> dict[str, Any]:
    """Return what the page shows of the pending review, and of what the reader may decide."""
    revision = files.revision(person.id)
    if review is None:
        nothing = {"unproven": [], "is_second": False, "is_renewal": False, "may_be_basic": False}
        return {"review": None, "revision": revision, **nothing}
    is_new_request = review.level == "enhanced" and review.status == "submitted"
    is_basic_proven = not requirements.unproven(file, "basic")
    return {
        "review": review,
        "revision": revision,
        "unproven": requirements.unproven(file, review.level),
        "is_second": review.proposed_by == identity.signed_in().id,
        "is_renewal": reviews_rules.is_renewal(review.level, person.kyc_status, person.kyc_level),
        "may_be_basic": is_new_request and is_basic_proven and person.kyc_level != "enhanced",
    }


def _history(person_id: str, review: ReviewRow | None) -> dict[str, Any]:
    events = reviews.history(person_id)
    people = {event.actor for event in events}
    if review is not None and review.proposed_by:
        people.add(review.proposed_by)
    return {"events": events, "names": queries.names(people)}


def _answers(person_id: str, file: requirements.File) -> list[dict[str, Any]]:
    """Return the facts with the readable number, which the reviewer compares with the document."""
    facts = {**file.facts, "id_number": files.id_number(person_id)}
    return tasks.answers(requirements.File(facts=facts), None)


def _not_needed(
    file: requirements.File, documents: list[DocumentRow], review: ReviewRow | None
) -> set[str]:
    """Return the kinds of documents that the requested level does not need."""
    level = review.level if review is not None else "enhanced"
    asked = requirements.asked(file, level)
    needed = {kind for one in asked for kind in requirements.kinds_for(file, one)}
    return {document.kind for document in documents} - needed


def _form(kind: type[FlaskForm], thing: str, refused: FlaskForm | None) -> FlaskForm:
    """Return the form of a thing: the refused one with its errors, else an empty one."""
    if refused is not None and refused.reason.id == f"reason-{thing}":
        return refused
    return named(kind(formdata=None), thing)
