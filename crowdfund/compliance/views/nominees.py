"""A person's own nominees: named, proved, handed in."""

from typing import Any

from flask import Response, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...documents import rules as document_rules
from ...documents import service as document_service
from ...errors import CrowdfundError, FileRefused
from ...i18n import _
from .. import queries, rules, service
from ..forms import NomineeForm, UploadForm, put_errors
from .blueprint import bp


def _owner_or_reviewer(nominee_id: str, person: Any) -> bool:  # noqa: ANN401 - the accounts' row
    """Let the one who named a nominee, and staff who verify people, open the identity proof."""
    return queries.person_of_nominee(nominee_id) == person.id or web.may("compliance.person")


document_service.may_open.register("nominee", _owner_or_reviewer)


@bp.get("/account/nominees")
def nominees() -> Response:
    """List the person's nominees and how far they are from 100 %."""
    return web.render("compliance/nominees.html", **_list())


@bp.get("/account/nominees/state")
def nominees_state() -> Response:
    """Show the list alone, for live updates."""
    return web.render("compliance/_nominees.html", **_list())


@bp.route("/account/nominees/new", methods=["GET", "POST"])
def add_nominee() -> BaseResponse:
    """Name somebody; what is missing to 100 % is proposed as the share."""
    me, form = web.current_user().id, NomineeForm()
    if form.validate_on_submit():
        try:
            nominee_id = service.nominees.add(me, form.data)
        except CrowdfundError as error:
            put_errors(form, error)
            return _form_page(form, status=error.status)
        return web.back(url_for("compliance.nominee_proof", nominee_id=nominee_id))
    if not form.is_submitted():
        left = rules.nominees.WHOLE_BP - sum(one.share_bp for one in queries.nominees(me))
        form.share.data = rules.nominees.percent(left) if left > 0 else ""
    return _form_page(form, status=422 if form.errors else 200)


@bp.route("/account/nominees/<string(length=32):nominee_id>", methods=["GET", "POST"])
def edit_nominee(nominee_id: str) -> BaseResponse:
    """Change one nominee."""
    me = web.current_user().id
    nominee = queries.own_nominee(nominee_id, me)
    form = NomineeForm(obj=nominee)
    if form.validate_on_submit():
        try:
            service.nominees.save(nominee_id, me, form.data)
        except CrowdfundError as error:
            put_errors(form, error)
            return _form_page(form, nominee, status=error.status)
        web.flash(_("Saved."), "success")
        return web.back(url_for("compliance.nominees"))
    if not form.is_submitted():
        form.share.data = rules.nominees.percent(nominee.share_bp)
    return _form_page(form, nominee, status=422 if form.errors else 200)


@bp.route("/account/nominees/<string(length=32):nominee_id>/proof", methods=["GET", "POST"])
def nominee_proof(nominee_id: str) -> BaseResponse:
    """Take a nominee's identity proof; a newer one takes the place of the older."""
    me, form = web.current_user().id, UploadForm()
    if not form.validate_on_submit():
        return _proof_page(nominee_id, form, status=422 if form.errors else 200)
    try:
        upload = form.upload.data
        if not upload or not upload.filename:
            raise FileRefused(_("Choose a file first."))
        # Before the transaction begins: see documents.service.examine.
        examined = document_service.examine("id_proof", upload.filename, upload.stream.read())
        service.nominees.prove(nominee_id, me, examined)
    except CrowdfundError as error:
        if error.status == 404 or error.status >= 500:
            raise
        error.field = "upload"
        put_errors(form, error)
        return _proof_page(nominee_id, form, status=error.status)
    web.flash(_("Stored."), "success")
    return web.back(url_for("compliance.nominees"))


@bp.post("/account/nominees/<string(length=32):nominee_id>/remove")
def remove_nominee(nominee_id: str) -> BaseResponse:
    """Take a nominee off the list."""
    service.nominees.remove(nominee_id, web.current_user().id)
    web.flash(_("The nominee is off the list and the identity proof is deleted."), "success")
    return web.back(url_for("compliance.nominees"))


@bp.post("/account/nominees/submit")
def submit_nominees() -> BaseResponse:
    """Hand a complete set to compliance."""
    try:
        service.nominees.submit(web.current_user().id)
    except CrowdfundError as error:
        return web.render("compliance/nominees.html", status=error.status, **_list(error.user_message))
    web.flash(_("Sent. We tell you as soon as your nominees are checked."), "success")
    return web.back(url_for("compliance.nominees"))


# --- helpers ----------------------------------------------------------------------------------------


def _list(problem: str = "") -> dict[str, Any]:
    me = web.current_user().id
    found = queries.nominees(me)
    return {
        "nominees": found,
        "proofs": queries.proofs([one.id for one in found]),
        "sum_words": rules.nominees.sum_words(one.share_bp for one in found) if found else "",
        "percent": rules.nominees.percent,
        "relationships": rules.nominees.RELATIONSHIPS,
        "can_send": any(one.status == "draft" for one in found),
        "counts_now": bool(queries.nominees_in_force(me)),
        "most": rules.nominees.MOST,
        "problem": problem,
        "owner_id": me,
    }


def _form_page(form: FlaskForm, nominee: Any = None, *, status: int) -> Response:  # noqa: ANN401 - a row
    return web.render("compliance/nominee.html", status=status, form=form, nominee=nominee)


def _proof_page(nominee_id: str, form: FlaskForm, *, status: int) -> Response:
    nominee = queries.own_nominee(nominee_id, web.current_user().id)
    return web.render(
        "compliance/nominee_proof.html", "compliance/_nominee_proof.html", status=status, form=form,
        nominee=nominee, proof=queries.proofs([nominee_id]).get(nominee_id),
        accepted=document_rules.ACCEPTED["id_proof"],
    )  # fmt: skip
