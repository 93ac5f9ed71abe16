"""Onboarding of a company: a task list, one page for each task, answers to check, and its state."""

from typing import Any

from flask import Response, abort, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.issuers import answers, forms, queries
from crowdfund.issuers.rows import MemberCompany
from crowdfund.issuers.rules import bank, declarations, life, requirements, steps, team
from crowdfund.issuers.rules.life import Status
from crowdfund.issuers.service import bank as bank_service
from crowdfund.issuers.service import onboarding
from crowdfund.issuers.views.blueprint import COMPANY, bp
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, refusals
from crowdfund.security import step_up


@bp.post("/companies")
def start() -> BaseResponse:
    """Open a file for a company; one that is still empty is used again."""
    me = identity.signed_in().id
    unused = [row for row in queries.of_member(me) if row.status == "draft" and not row.legal_name]
    unused = [row for row in unused if row.my_role == team.Role.OWNER]
    company_id = unused[0].id if unused else onboarding.start(me)
    return pages.back(url_for("issuers.overview", company_id=company_id))


@bp.get(COMPANY)
def overview(company_id: str) -> Response:
    """Show the task list and the status of the onboarding."""
    return pages.render("issuers/overview.html", **_state(_authorise(company_id)))


@bp.get(f"{COMPANY}/state")
def state(company_id: str) -> Response:
    """Show the status of the onboarding, alone, for live updates."""
    return pages.render("issuers/_state.html", **_state(_authorise(company_id)))


@bp.route(f"{COMPANY}/edit/<step>", methods=["GET", "POST"])
def edit(company_id: str, step: str) -> BaseResponse:
    """Show one page of the wizard and save it."""
    if step not in forms.FORMS:
        _authorise(company_id)
        abort(404)
    company = _authorise(company_id, steps.action_of(step))
    if step == "bank" and company.status == Status.VERIFIED and not step_up.is_fresh():
        return refusals.to_second_factor()
    form = _form(company, step)
    context: dict[str, Any] = {"company": company, "step": step, "form": form}
    if step == "bank":
        context |= {"bank": queries.filled(company)["bank"], "formats": bank.FORMATS}
    page = f"issuers/{step}.html"
    if not form.validate_on_submit():
        return pages.render(page, status=422 if form.errors else 200, **context)
    try:
        _save(company, step, form)
    except CrowdfundError as error:
        put_errors(form, error)
        return pages.render(page, status=error.status, **context)
    return pages.back(after(company_id, step))


@bp.route(f"{COMPANY}/check", methods=["GET", "POST"])
def check(company_id: str) -> BaseResponse:
    """Show all answers, take the declarations and submit."""
    company = _authorise(company_id, "view" if request.method == "GET" else "file")
    form = forms.DeclarationForm()
    if not form.validate_on_submit():
        return _check(company, form, status=422 if form.errors else 200)
    ticked = [code for code in declarations.STATEMENTS if form[code].data]
    try:
        onboarding.submit(company_id, actor=identity.signed_in().id, statements=ticked)
    except CrowdfundError as error:
        put_errors(form, error)
        return _check(company, form, status=error.status)
    text = _("Submitted. We will notify you here and by e-mail when we have reviewed it.")
    pages.flash(text, "success")
    return pages.back(url_for("issuers.overview", company_id=company_id))


def after(company_id: str, step: str) -> str:
    """Return the next page that is not done, in order, else the task list."""
    filled = queries.filled(queries.get(company_id))
    later = list(steps.STEPS)[list(steps.STEPS).index(step) + 1 :]
    for name in later:
        if steps.step_state(filled, name) != "done":
            return answers.step_url(company_id, name)
    return url_for("issuers.overview", company_id=company_id)


# --- helpers ------------------------------------------------------------------------------------


def _authorise(company_id: str, action: str = "view") -> MemberCompany:
    return queries.for_member(company_id, identity.signed_in().id, action)


def _form(company: MemberCompany, step: str) -> FlaskForm:
    facts = queries.filled(company)
    if step == "bank":
        home = facts["country"] if facts["country"] in bank.FORMATS else "IBAN"
        wanted = request.args.get("kind", "")
        kind = wanted if wanted in bank.FORMATS else home
        known = {"format": kind, "holder": facts["legal_name"]}
    else:
        known = facts
    form = forms.FORMS[step](data=known)
    if form.is_submitted():
        return form
    if step == "company" and not facts["country"]:
        form.country.data = "ET"
    if step == "wallet" and facts["wallet_address"]:
        form.choice.data = "hold" if facts["wallet_sealed_key"] else "own"
    return form


def _save(company: MemberCompany, step: str, form: FlaskForm) -> None:
    me = identity.signed_in().id
    if step == "bank":
        bank_service.save(company.id, form.data, actor=me)
        if company.status == Status.VERIFIED:
            pages.flash(
                _(
                    "Saved. It waits 24 hours, then compliance reviews it. We have notified you by "
                    "e-mail."
                )
            )
    elif step == "wallet" and form.choice.data == "hold":
        onboarding.hold_wallet(company.id, actor=me)
    elif step == "wallet" and form.choice.data != "own":
        raise CrowdfundError(_("Choose one of the two."), status=422, field="choice")
    else:
        onboarding.save(company.id, step, form.data, actor=me)


def _check(company: MemberCompany, form: FlaskForm, *, status: int) -> Response:
    editable = company.status in life.EDITABLE and team.may(company.my_role, "file")
    missing = [steps.STEP_TITLES[step] for step in steps.missing_steps(queries.filled(company))]
    context = answers.answers(company, editable=editable)
    return pages.render("issuers/check.html", status=status, form=form, missing=missing, **context)


def _state(company: MemberCompany) -> dict[str, Any]:
    filled = queries.filled(company)
    writable = company.status in life.EDITABLE or company.status == Status.VERIFIED
    return {
        "company": company,
        "steps": [
            (
                title,
                answers.step_url(company.id, step),
                steps.step_state(filled, step),
                writable and team.may(company.my_role, steps.action_of(step)),
            )
            for step, title in steps.STEP_TITLES.items()
        ],
        "editable": company.status in life.EDITABLE,
        "writable": writable,
        "may_file": team.may(company.my_role, "file"),
        "complete": not steps.missing_steps(filled),
        "lacking": [
            requirements.KINDS[kind]
            for kind in requirements.lacking(filled["documents"], company.country, verified=True)
        ],
        **answers.changes(company),
    }
