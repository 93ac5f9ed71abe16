"""A person's own nominees: name them, prove their identity, submit them."""

from typing import Any

from flask import Response, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.compliance.forms import NomineeForm, UploadForm
from crowdfund.compliance.queries import nominees as nominees_queries
from crowdfund.compliance.rows import NomineeRow
from crowdfund.compliance.rules import nominees as nominees_rules
from crowdfund.compliance.service import nominees as nominees_service
from crowdfund.compliance.views.blueprint import bp
from crowdfund.documents import rules as document_rules
from crowdfund.documents import service as document_service
from crowdfund.kernel.errors import CrowdfundError, FileRefused
from crowdfund.kernel.fields import percents
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import identity, navigation, pages


def _owner_or_reviewer(nominee_id: str, person: Person) -> bool:
    """Let the person who named a nominee, and staff who verify people, open the identity proof."""
    is_owner = nominees_queries.person_of(nominee_id) == person.id
    return is_owner or navigation.may("compliance.person")


document_service.may_open.register("nominee", _owner_or_reviewer)


@bp.get("/account/nominees")
def nominees() -> Response:
    """List the person's nominees and how far they are from 100 %."""
    return pages.render("compliance/nominees.html", **_list())


@bp.get("/account/nominees/state")
def nominees_state() -> Response:
    """Show the list alone, for live updates."""
    return pages.render("compliance/_nominees.html", **_list())


@bp.route("/account/nominees/new", methods=["GET", "POST"])
def add_nominee() -> BaseResponse:
    """Name a nominee; the share that is left of 100 % is filled in."""
    me, form = identity.signed_in().id, NomineeForm()
    if form.validate_on_submit():
        try:
            nominee_id = nominees_service.add(me, form.data)
        except CrowdfundError as error:
            put_errors(form, error)
            return _form_page(form, status=error.status)
        return pages.back(url_for("compliance.nominee_proof", nominee_id=nominee_id))
    if not form.is_submitted():
        left = percents.WHOLE_BP - sum(one.share_bp for one in nominees_queries.of_person(me))
        form.share.data = percents.percent(left) if left > 0 else ""
    return _form_page(form, status=422 if form.errors else 200)


@bp.route("/account/nominees/<string(length=32):nominee_id>", methods=["GET", "POST"])
def edit_nominee(nominee_id: str) -> BaseResponse:
    """Change one nominee."""
    me = identity.signed_in().id
    nominee = nominees_queries.own(nominee_id, me)
    form = NomineeForm(obj=nominee)
    if form.validate_on_submit():
        try:
            nominees_service.save(nominee_id, me, form.data)
        except CrowdfundError as error:
            put_errors(form, error)
            return _form_page(form, nominee, status=error.status)
        pages.flash(_("Saved."), "success")
        return pages.back(url_for("compliance.nominees"))
    if not form.is_submitted():
        form.share.data = percents.percent(nominee.share_bp)
    return _form_page(form, nominee, status=422 if form.errors else 200)


@bp.route("/account/nominees/<string(length=32):nominee_id>/proof", methods=["GET", "POST"])
def nominee_proof(nominee_id: str) -> BaseResponse:
    """Accept a nominee's identity proof, in place of an older one."""
    me, form = identity.signed_in().id, UploadForm()
    if not form.validate_on_submit():
        return _proof_page(nominee_id, form, status=422 if form.errors else 200)
    try:
        upload = form.upload.data
        if not upload or not upload.filename:
            raise FileRefused(_("Choose a file first."))
        # Before the transaction begins: see documents.service.examine.
        turn = document_rules.turn(form.turn.data)
        data = upload.stream.read()
        examined = document_service.examine("id_proof", upload.filename, data, turn=turn)
        nominees_service.prove(nominee_id, me, examined)
    except CrowdfundError as error:
        if error.status == 404 or error.status >= 500:
            raise
        error.field = "upload"
        put_errors(form, error)
        return _proof_page(nominee_id, form, status=error.status)
    pages.flash(_("Uploaded."), "success")
    return pages.back(url_for("compliance.nominees"))


@bp.post("/account/nominees/<string(length=32):nominee_id>/remove")
def remove_nominee(nominee_id: str) -> BaseResponse:
    """Remove a nominee."""
    nominees_service.remove(nominee_id, identity.signed_in().id)
    pages.flash(_("The nominee was removed and the identity proof deleted."), "success")
    return pages.back(url_for("compliance.nominees"))


@bp.post("/account/nominees/submit")
def submit_nominees() -> BaseResponse:
    """Submit complete nominees to compliance."""
    try:
        nominees_service.submit(identity.signed_in().id)
    except CrowdfundError as error:
        context = _list(error.user_message)
        return pages.render("compliance/nominees.html", status=error.status, **context)
    pages.flash(_("Sent. We will notify you when we have reviewed your nominees."), "success")
    return pages.back(url_for("compliance.nominees"))


# --- helpers --------------------------------------------------------------------------------------


def _list(problem: str = "") -> dict[str, Any]:
    me = identity.signed_in().id
    found = nominees_queries.of_person(me)
    return {
        "nominees": found,
        "proofs": nominees_queries.proofs([one.id for one in found]),
        "sum_words": nominees_rules.sum_words(one.share_bp for one in found) if found else "",
        "percent": percents.percent,
        "relationships": nominees_rules.RELATIONSHIPS,
        "can_send": any(one.status == "draft" for one in found),
        "counts_now": bool(nominees_queries.in_force(me)),
        "most": nominees_rules.MOST,
        "problem": problem,
        "owner_id": me,
    }


def _form_page(form: FlaskForm, nominee: NomineeRow | None = None, *, status: int) -> Response:
    return pages.render("compliance/nominee.html", status=status, form=form, nominee=nominee)


def _proof_page(nominee_id: str, form: FlaskForm, *, status: int) -> Response:
    nominee = nominees_queries.own(nominee_id, identity.signed_in().id)
    return pages.render(
        "compliance/nominee_proof.html",
        "compliance/_nominee_proof.html",
        status=status,
        form=form,
        nominee=nominee,
        proof=nominees_queries.proofs([nominee_id]).get(nominee_id),
        accepted=document_rules.ACCEPTED["id_proof"],
    )
