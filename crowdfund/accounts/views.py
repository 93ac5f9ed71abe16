"""Sign in by e-mail code, sign out, the account page, and the desk that verifies people."""

from typing import Any, cast

from flask import Blueprint, Response, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from .. import web
from ..errors import CrowdfundError, NotFound
from ..sessions import SqlSession
from . import queries, service
from .forms import CodeForm, EmailForm, ProfileForm, ReviewForm

bp = Blueprint("accounts", __name__)
web.login.user_loader(queries.load)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> BaseResponse:
    """Ask for an e-mail address and send a code there; the answer is the same for everybody."""
    target = web.own_path(request.values.get("next"), url_for("campaigns.index"))
    if web.current_user():
        return web.back(target)
    form = EmailForm()
    if form.validate_on_submit():
        try:
            otp_id = service.request_code(form.email.data, ip=request.remote_addr or "")
        except CrowdfundError as error:
            return _refuse("accounts/sign_in.html", form, error, target=target)
        session["otp"] = {"id": otp_id, "email": form.email.data.strip(), "next": target}
        return web.back(url_for("accounts.enter_code"))
    status = 422 if form.errors else 200
    return web.render("accounts/sign_in.html", form=form, target=target, status=status)


@bp.route("/sign-in/code", methods=["GET", "POST"])
def enter_code() -> BaseResponse:
    """Take the code; a right one signs in under a new session key."""
    pending = session.get("otp")
    if not pending:
        return web.back(url_for("accounts.sign_in"))
    form = CodeForm()
    if form.validate_on_submit():
        try:
            person_id = service.sign_in(pending["id"], form.code.data)
        except CrowdfundError as error:
            return _refuse("accounts/code.html", form, error, email=pending["email"])
        cast(SqlSession, session).rotate()
        session.pop("otp", None)
        person = queries.get(person_id)
        login_user(person)
        web.flash("You are signed in.", "success")
        return web.back(pending["next"])
    status = 422 if form.errors else 200
    return web.render("accounts/code.html", form=form, email=pending["email"], status=status)


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this browser's session."""
    logout_user()
    session.clear()
    cast(SqlSession, session).rotate()
    return web.back(url_for("campaigns.index"))


@bp.route("/account", methods=["GET", "POST"])
def show() -> BaseResponse:
    """Show the person's own data and verification; keep changes."""
    person = web.current_user()
    form = ProfileForm(obj=person)
    target = web.own_path(request.values.get("next"), "")
    context = {"person": person, "target": target}
    if form.validate_on_submit():
        try:
            service.save_profile(
                person.id,
                first_name=form.first_name.data,
                last_name=form.last_name.data,
                phone=form.phone.data,
            )
        except CrowdfundError as error:
            return _refuse("accounts/show.html", form, error, **context)
        web.flash("Saved. A colleague of ours checks your details now.", "success")
        return web.back(url_for("accounts.show", next=target or None))
    return web.render("accounts/show.html", form=form, status=422 if form.errors else 200, **context)


@bp.get("/account/verification")
def verification() -> Response:
    """Show the verification part of the account page, alone, for live updates."""
    person, target = web.current_user(), web.own_path(request.args.get("next"), "")
    return web.render("accounts/_verification.html", person=person, target=target)


@bp.get("/staff/people")
def people() -> Response:
    """List people with their verification, for compliance."""
    page = web.page_number()
    status, search = request.args.get("status", ""), request.args.get("q", "")[:100]
    rows = queries.people(status=status, search=search, page=page)
    counts = queries.kyc_counts()
    return web.render("accounts/people.html", rows=rows[:25], more=len(rows) > 25, page=page, counts=counts)


@bp.route("/staff/people/<person_id>", methods=["GET", "POST"])
def review(person_id: str) -> BaseResponse:
    """Show one person to a reviewer and take the decision."""
    person = queries.get(person_id)
    if person is None:
        raise NotFound("There is no such person.")
    form = ReviewForm()
    events = queries.kyc_history(person_id)
    names = queries.names({event.actor for event in events})
    context: dict[str, Any] = {"person": person, "events": events, "names": names}
    if form.validate_on_submit():
        approve = form.decision.data == "approve"
        actor, reason = web.current_user().id, form.reason.data or ""
        try:
            service.verify(person_id, actor=actor, approve=approve, reason=reason)
        except CrowdfundError as error:
            return _refuse("accounts/review.html", form, error, **context)
        web.flash(f"{person.name} was {'verified' if approve else 'rejected'}.", "success")
        return web.back(url_for("accounts.people", status="pending"))
    return web.render("accounts/review.html", form=form, status=422 if form.errors else 200, **context)


def _refuse(page: str, form: object, error: CrowdfundError, **context: Any) -> Response:  # noqa: ANN401
    """Show a refusal in the form it belongs to."""
    web.put_error(form, error)
    return web.render(page, form=form, status=error.status, **context)
