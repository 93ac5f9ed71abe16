"""Sign in by code, sign out."""

from typing import cast

from flask import request, session, url_for
from flask_login import logout_user
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...errors import CrowdfundError
from ...sessions import SqlSession
from .. import service
from ..forms import CodeForm, EmailForm
from .blueprint import bp, enter, refuse


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
            return refuse("accounts/sign_in.html", form, error, target=target)
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
            return refuse("accounts/code.html", form, error, email=pending["email"])
        session.pop("otp", None)
        return enter(person_id, method="code", target=pending["next"])
    status = 422 if form.errors else 200
    return web.render("accounts/code.html", form=form, email=pending["email"], status=status)


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this browser's session."""
    logout_user()
    session.clear()
    cast(SqlSession, session).rotate()
    return web.back(url_for("campaigns.index"))
