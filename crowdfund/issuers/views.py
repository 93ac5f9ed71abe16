"""Onboarding of a company: a task list, one page for each task, answers to check, and its state."""

import io
from typing import Any

from flask import Blueprint, Response, abort, send_file, url_for
from flask_wtf import FlaskForm
from sqlalchemy import Row
from werkzeug.wrappers import Response as BaseResponse

from crowdfund import access, web
from crowdfund.adapters import storage
from crowdfund.errors import CrowdfundError

from . import forms, queries, rules, service

bp = Blueprint("issuers", __name__)


@bp.post("/companies")
def start() -> BaseResponse:
    """Open a file for a company; one that is still empty is used again."""
    me = web.current_user().id
    unused = [row for row in queries.of_member(me) if row.status == "draft" and not row.legal_name]
    company_id = unused[0].id if unused else service.start(me)
    return web.back(url_for("issuers.overview", company_id=company_id))


@bp.get("/companies/<string(length=32):company_id>")
def overview(company_id: str) -> Response:
    """Show the task list and where the file stands."""
    company = queries.for_member(company_id, web.current_user().id)
    return web.render("issuers/overview.html", **_state(company))


@bp.get("/companies/<string(length=32):company_id>/state")
def state(company_id: str) -> Response:
    """Show where the file stands, alone, for live updates."""
    company = queries.for_member(company_id, web.current_user().id)
    return web.render("issuers/_state.html", **_state(company))


@bp.route("/companies/<string(length=32):company_id>/edit/<step>", methods=["GET", "POST"])
def edit(company_id: str, step: str) -> BaseResponse:
    """Show one page of the wizard and save it."""
    company = queries.for_member(company_id, web.current_user().id)
    if step not in rules.STEPS:
        abort(404)
    form = _form(company, step)
    context: dict[str, Any] = {"company": company, "step": step, "form": form}
    context["memorandum"] = queries.memorandum(company_id)
    page, partial = f"issuers/{step}.html", "issuers/_memorandum.html" if step == "memorandum" else None
    if not form.validate_on_submit():
        return web.render(page, partial, status=422 if form.errors else 200, **context)
    try:
        _save(company, step, form)
    except CrowdfundError as error:
        forms.put_errors(form, error)
        return web.render(page, partial, status=error.status, **context)
    return web.back(_after(company_id, step))


@bp.route("/companies/<string(length=32):company_id>/check", methods=["GET", "POST"])
def check(company_id: str) -> BaseResponse:
    """Show all answers, take the declaration and submit."""
    me = web.current_user().id
    company = queries.for_member(company_id, me)
    form = forms.DeclarationForm()
    context: dict[str, Any] = {"company": company, "form": form, **_answers(company)}
    if not form.validate_on_submit():
        return web.render("issuers/check.html", status=422 if form.errors else 200, **context)
    try:
        if not form.declaration.data:
            raise CrowdfundError("Confirm that the answers are true.", status=422, field="declaration")
        service.submit(company_id, actor=me)
    except CrowdfundError as error:
        forms.put_errors(form, error)
        return web.render("issuers/check.html", status=error.status, **context)
    web.flash("Submitted. We tell you here and by e-mail as soon as somebody has looked at it.", "success")
    return web.back(url_for("issuers.overview", company_id=company_id))


@bp.get("/companies/<string(length=32):company_id>/documents/<string(length=32):document_id>")
def document(company_id: str, document_id: str) -> Response:
    """Send a company's paper to its members and to staff; nobody else learns that it exists."""
    me = web.current_user()
    if not access.EVERY_STAFF & set(me.roles):
        queries.for_member(company_id, me.id)
    paper = queries.document(company_id, document_id)
    data = storage.get_private(paper.file_id, paper.file_key)
    response = send_file(
        io.BytesIO(data), "application/pdf", as_attachment=True, download_name=paper.filename
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


# --- helpers ------------------------------------------------------------------------------------


def _form(company: Row[Any], step: str) -> FlaskForm:
    form = forms.FORMS[step](obj=company)
    if form.is_submitted():
        return form
    if step == "company" and not company.country:
        form.country.data = "ET"
    if step == "wallet" and company.wallet_address:
        form.choice.data = "hold" if company.wallet_sealed_key else "own"
    return form


def _save(company: Row[Any], step: str, form: FlaskForm) -> None:
    if step == "memorandum":
        upload = form.memorandum.data
        if not upload or not upload.filename:
            raise storage.FileRefused("Choose the PDF of the memorandum.", field="memorandum")
        data = upload.stream.read()
        try:
            service.attach_memorandum(company.id, upload.filename, data, actor=web.current_user().id)
        except storage.FileRefused as error:
            error.field = "memorandum"
            raise
    elif step == "wallet" and form.choice.data == "hold":
        service.hold_wallet(company.id)
    elif step == "wallet" and form.choice.data != "own":
        raise CrowdfundError("Choose one of the two.", status=422, field="choice")
    else:
        service.save(company.id, step, form.data)


def _after(company_id: str, step: str) -> str:
    """Return the next page that is not done, in order, else the task list."""
    company = queries.get(company_id)
    later = list(rules.STEPS)[list(rules.STEPS).index(step) + 1 :]
    filled = queries.filled(company)
    for name in later:
        if rules.step_state(filled, name) != "done":
            return url_for("issuers.edit", company_id=company_id, step=name)
    return url_for("issuers.overview", company_id=company_id)


def _state(company: Row[Any]) -> dict[str, Any]:
    filled = queries.filled(company)
    return {
        "company": company,
        "step_states": {step: rules.step_state(filled, step) for step in rules.STEPS},
        "step_titles": rules.STEP_TITLES,
        "editable": company.status in rules.EDITABLE,
        "complete": not rules.missing_steps(filled),
    }


def _answers(company: Row[Any]) -> dict[str, Any]:
    return {
        "memorandum": queries.memorandum(company.id),
        "missing": [rules.STEP_TITLES[step] for step in rules.missing_steps(queries.filled(company))],
        "sector": rules.SECTORS.get(company.sector or ""),
        "country": rules.COUNTRIES.get(company.country or ""),
        "editable": company.status in rules.EDITABLE,
    }
