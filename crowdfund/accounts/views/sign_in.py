"""Sign in by code, sign out, come by an invitation."""

from typing import Any, cast

from flask import request, session, url_for
from flask_login import logout_user
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...adapters import sms
from ...errors import CrowdfundError, Invalid
from ...i18n import _
from ...sessions import SqlSession
from .. import queries, rules, service
from ..forms import CodeForm, SignInForm
from .blueprint import bp, enter, refuse


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> BaseResponse:
    """Ask for an e-mail address or a number and send a code there; everybody gets the same answer."""
    target = web.own_path(request.values.get("next"), url_for("campaigns.index"))
    if web.current_user():
        return web.back(target)
    form = SignInForm(referral=session.get("referral", ""))
    context: dict[str, Any] = {"target": target, "offers_sms": sms.is_offered()}
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return web.render("accounts/sign_in.html", form=form, status=status, **context)
    try:
        referral = service.invitations.check(form.referral.data or "")
        pending = send_code(form.identifier.data)
    except CrowdfundError as error:
        return refuse("accounts/sign_in.html", form, error, **context)
    session["otp"] = pending | {"next": target, "referral": referral}
    return web.back(url_for("accounts.enter_code"))


def send_code(typed: str, person_id: str | None = None) -> dict[str, Any]:
    """Ask for a code for this browser and return what its session has to remember of it."""
    otp_id = service.request_code(typed, ip=request.remote_addr or "", person_id=person_id)
    kind, value = rules.identifier(typed)
    return {"id": otp_id, "kind": kind, "to": rules.shown_phone(value) if kind == "phone" else typed.strip()}


@bp.route("/sign-in/code", methods=["GET", "POST"])
def enter_code() -> BaseResponse:
    """Take the code; a right one signs in under a new session key."""
    pending = session.get("otp")
    if not pending or "to" not in pending:
        return web.back(url_for("accounts.sign_in"))
    form = CodeForm()
    if not form.validate_on_submit():
        return code_page("accounts/code.html", form, pending)
    try:
        person_id = service.sign_in(
            pending["id"],
            form.code.data,
            ip=request.remote_addr or "",
            referral=pending.get("referral", ""),
            language=request.cookies.get(web.LANGUAGE_COOKIE, ""),
        )
    except CrowdfundError as error:
        web.put_error(form, error)
        return code_page("accounts/code.html", form, pending, status=error.status)
    session.pop("otp", None)
    session.pop("referral", None)
    return enter(person_id, method="code", target=pending["next"])


def code_page(page: str, form: CodeForm, pending: dict[str, Any], *, status: int = 0) -> BaseResponse:
    """Show the page that takes a code, as long as the code that was sent."""
    otp = queries.otp(pending["id"])
    is_long = otp is not None and otp.digits > rules.CODE_DIGITS
    status = status or (422 if form.errors else 200)
    return web.render(page, form=form, pending=pending, is_long=is_long, status=status)


@bp.get("/join/<code>")
def join(code: str) -> BaseResponse:
    """Keep who invited this visitor, until the account is opened."""
    if web.current_user():
        web.flash(_("You have an account already: who invited you is kept when an account is opened."))
        return web.back(url_for("campaigns.index"))
    try:
        session["referral"] = service.invitations.check(code[:40])
    except Invalid:
        text = _("We do not know the invitation code in this link. You can sign in without one.")
        web.flash(text, "warning")
    return web.back(url_for("accounts.sign_in"))


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this browser's session."""
    logout_user()
    session.clear()
    cast(SqlSession, session).rotate()
    return web.back(url_for("campaigns.index"))
