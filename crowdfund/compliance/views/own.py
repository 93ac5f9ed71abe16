"""A person's own verification: tasks, facts, documents, check, access log."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Response, abort, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import thumbnails
from crowdfund.compliance.forms import FACT_FORMS, DeclarationForm, UploadForm
from crowdfund.compliance.queries import files, nominees, reviews
from crowdfund.compliance.rows import ReviewRow
from crowdfund.compliance.rules import facts as facts_rules
from crowdfund.compliance.rules import requirements
from crowdfund.compliance.rules import reviews as reviews_rules
from crowdfund.compliance.service import files as files_service
from crowdfund.compliance.service import renewals, submissions
from crowdfund.compliance.service.shared import person_of
from crowdfund.compliance.views import tasks
from crowdfund.compliance.views.blueprint import bp
from crowdfund.documents import queries as document_queries
from crowdfund.documents import rules as document_rules
from crowdfund.documents import sending
from crowdfund.documents import service as document_service
from crowdfund.kernel.errors import CrowdfundError, FileRefused
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person, full_name
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries

KINDS = ", ".join(requirements.DOCUMENT_KINDS)


@bp.get("/account/verification")
def verification() -> Response:
    """Show the status of the person's verification and what is still needed."""
    return pages.render("compliance/verification.html", **_state())


@bp.get("/account/verification/state")
def verification_state() -> Response:
    """Show the same, alone, for live updates."""
    return pages.render("compliance/_verification.html", **_state())


@bp.route(
    "/account/verification/facts/<any(about, address, identity):step>", methods=["GET", "POST"]
)
def facts(step: str) -> BaseResponse:
    """Show and save one page of facts."""
    me = identity.signed_in().id
    form = FACT_FORMS[step](data=_filled(me, step))
    if form.validate_on_submit():
        try:
            files_service.save_facts(me, step, form.data)
        except CrowdfundError as error:
            put_errors(form, error)
            return _facts_page(step, form, status=error.status)
        return pages.back(_after(me, step))
    return _facts_page(step, form, status=422 if form.errors else 200)


@bp.route(f"/account/verification/documents/<any({KINDS}):kind>", methods=["GET", "POST"])
def documents(kind: str) -> BaseResponse:
    """Show the files of one kind and accept another one."""
    me, form = identity.signed_in().id, UploadForm()
    if not form.validate_on_submit():
        return _documents_page(kind, form, status=422 if form.errors else 200)
    try:
        # Before the transaction begins: it may take two seconds, and must not hold a lock.
        examined = _examine(kind, form)
        files_service.attach(me, examined)
    except CrowdfundError as error:
        if error.status >= 500:
            raise
        error.field = "upload"
        put_errors(form, error)
        return _documents_page(kind, form, status=error.status)
    stays = _("Uploaded. You stay verified while we check it.")
    is_renewal = renewals.is_under_way(me, kind)
    pages.flash(stays if is_renewal else _("Uploaded."), "success")
    return pages.back(_to("compliance.documents", kind=kind))


def _examine(kind: str, form: FlaskForm) -> document_service.Examined:
    upload = form.upload.data
    if not upload or not upload.filename:
        raise FileRefused(_("Choose a file first."))
    turn = document_rules.turn(form.turn.data)
    return document_service.examine(kind, upload.filename, upload.stream.read(), turn=turn)


@bp.get("/account/verification/pictures/<string(length=32):document_id>")
def picture(document_id: str) -> Response:
    """Send a person a small copy of a picture of their own; 404 for anything else.

    That one sees one's own picture on one's own page is no access to record.
    """
    row = files.document_of(identity.signed_in().id, document_id)
    if not row.is_picture:
        abort(404)
    small = thumbnails.make(document_service.read(row.id).data)
    return sending.send(document_service.Opened(row.filename, document_rules.JPEG, small))


@bp.post(
    f"/account/verification/documents/<any({KINDS}):kind>/<string(length=32):document_id>/remove"
)
def remove_document(kind: str, document_id: str) -> BaseResponse:
    """Destroy one of the person's own documents."""
    files_service.remove(identity.signed_in().id, kind, document_id)
    pages.flash(_("The file was deleted. Nobody can open it now."), "success")
    return pages.back(_to("compliance.documents", kind=kind))


@bp.route("/account/verification/check", methods=["GET", "POST"])
def check() -> BaseResponse:
    """Show all answers, ask for the declaration and submit the file."""
    me, form = identity.signed_in().id, DeclarationForm()
    if not form.validate_on_submit():
        return _check_page(form, status=422 if form.errors else 200)
    try:
        if not form.declaration.data:
            text = _("Confirm that everything is true.")
            raise CrowdfundError(text, status=422, field="declaration")
        submissions.submit(me, actor=me, next_path=_target())
    except CrowdfundError as error:
        put_errors(form, error)
        return _check_page(form, status=error.status)
    text = _(
        "Sent. We will notify you here and by e-mail or text message when we have reviewed it."
    )
    pages.flash(text, "success")
    return pages.back(_to("compliance.verification"))


@bp.get("/account/verification/looked-at")
def access_log() -> Response:
    """Show the person who has opened the documents, when and why."""
    me = identity.signed_in().id
    owners = [("person", me), *(("nominee", one.id) for one in nominees.of_person(me))]
    looks = [
        look for owner in owners for look in document_queries.access_log(owner) if look.viewer != me
    ]
    looks.sort(key=lambda look: look.at, reverse=True)
    kinds = {row.id: row.kind for owner in owners for row in document_queries.every_of_owner(owner)}
    viewers = {look.viewer: _viewer(look.viewer) for look in looks}
    return pages.render(
        "compliance/access_log.html",
        looks=looks,
        kinds=kinds,
        viewers=viewers,
        kind_names=requirements.KIND_NAMES,
        purposes=document_rules.PURPOSES,
    )


def _viewer(person_id: str) -> str:
    """Return a colleague's first name and role: enough to ask about them, and no more."""
    person = queries.get(person_id)
    if person is None:
        return _("Staff")
    roles = ", ".join(tasks.role_name(role) for role in person.roles) or _("Staff")
    return f"{person.first_name or _('Staff')} ({roles})"


# --- helpers --------------------------------------------------------------------------------------


def _target() -> str:
    return requests.own_path(request.values.get("next"), "")


def _stored_target(latest: ReviewRow | None) -> str:
    """Return where the person wanted to go when they sent their details."""
    return requests.own_path(latest.next_path, "") if latest else ""


def _to(endpoint: str, *, step: str | None = None, kind: str | None = None) -> str:
    return url_for(endpoint, next=_target() or None, step=step, kind=kind)


def _state() -> dict[str, Any]:
    person = person_of(identity.signed_in().id)
    file, documents = files.snapshot(person.id), files.documents_of(person.id)
    review, latest = reviews.open_review(person.id), reviews.latest(person.id)
    return {
        "person": person,
        "target": _target() or _stored_target(latest),
        "review": review,
        "refused": latest,
        "is_renewal": _is_renewal(person, latest),
        "refusal": files.refusal(person.id),
        "basic": tasks.task_list(file, "basic", documents, _to),
        "enhanced": tasks.task_list(file, "enhanced", documents, _to),
        "ready": tasks.level_to_ask(file, person, review),
        "level_names": requirements.LEVEL_NAMES,
        "steps": tasks.timeline(latest),
    }


def _is_renewal(person: Person, latest: ReviewRow | None) -> bool:
    return latest is not None and reviews_rules.is_renewal(
        latest.level, person.kyc_status, person.kyc_level
    )


def _filled(person_id: str, step: str) -> Mapping[str, object]:
    """Return the values of a form of facts; the number is not shown again."""
    row = files.facts(person_id)
    if row is None:
        return {"legal_name": _profile_name(person_id)}
    return {"id_kind": row.id_kind} if step == "identity" else asdict(row)


def _profile_name(person_id: str) -> str:
    person = person_of(person_id)
    return full_name(person.first_name, person.last_name)


def _facts_page(step: str, form: FlaskForm, *, status: int) -> Response:
    person = person_of(identity.signed_in().id)
    filled = files.filled(person.id)
    return pages.render(
        f"compliance/facts_{step}.html",
        status=status,
        form=form,
        step=step,
        target=_target(),
        number=filled.get("id_number", ""),
        document_kind=filled.get("id_kind") if step == "identity" else None,
        is_verified=person.kyc_status == "verified",
    )


def _after(person_id: str, step: str) -> str:
    """Return the next page that is not done, in order, else the task list."""
    filled, steps = files.filled(person_id), list(facts_rules.STEPS)
    for name in steps[steps.index(step) + 1 :]:
        if facts_rules.step_state(filled, name) != "done":
            return _to("compliance.facts", step=name)
    kind = str(filled.get("id_kind") or "")
    if kind and not document_queries.of_owner(("person", person_id), [kind]):
        return _to("compliance.documents", kind=kind)
    return _to("compliance.verification")


def _documents_page(kind: str, form: FlaskForm, *, status: int) -> Response:
    me = identity.signed_in().id
    found = [one for one in files.documents_of(me) if one.kind == kind]
    requirement = requirements.needs_kind(files.snapshot(me), kind)
    if requirement is None and not found:
        abort(404)
    return pages.render(
        "compliance/documents.html",
        "compliance/_documents.html",
        status=status,
        form=form,
        kind=kind,
        documents=found,
        requirement=requirement,
        accepted=document_rules.ACCEPTED[kind],
        kind_names=requirements.KIND_NAMES,
        most=requirements.MAX_DOCUMENTS,
        target=_target(),
    )


def _check_page(form: FlaskForm, *, status: int) -> Response:
    person = person_of(identity.signed_in().id)
    file, review = files.snapshot(person.id), reviews.open_review(person.id)
    return pages.render(
        "compliance/check.html",
        status=status,
        form=form,
        target=_target(),
        person=person,
        level=tasks.level_to_ask(file, person, review),
        level_names=requirements.LEVEL_NAMES,
        missing=requirements.missing(file, "basic"),
        answers=tasks.answers(file, _to),
        documents=files.documents_of(person.id),
        kind_names=requirements.KIND_NAMES,
    )
