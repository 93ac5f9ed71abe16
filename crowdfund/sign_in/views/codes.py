"""Sign in by code, sign out, follow an invitation."""

from typing import Any, cast

from flask import request, session, url_for
from flask_login import logout_user
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import sms
from crowdfund.kernel.errors import CrowdfundError, Invalid
from crowdfund.kernel.fields import contacts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.sessions import SqlSession
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import invitations
from crowdfund.security.entry import enter
from crowdfund.sign_in import queries
from crowdfund.sign_in.forms import CodeForm, SignInForm
from crowdfund.sign_in.rules import codes
from crowdfund.sign_in.service import codes as codes_service
from crowdfund.sign_in.views.blueprint import bp
from crowdfund.sign_in.views.external import visitor


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> BaseResponse:
    """Ask for an e-mail address or a number and send a code there, the same answer for everyone."""
    target = requests.own_path(request.values.get("next"), url_for("campaigns.index"))
    if identity.current_user():
        return pages.back(target)
    form = SignInForm(referral=session.get("referral", ""))
    context: dict[str, Any] = {
        "target": target,
        "offers_sms": sms.is_offered(),
        "ended": request.args.get("ended", ""),
    }
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return pages.render("sign_in/sign_in.html", form=form, status=status, **context)
    try:
        referral = invitations.check(form.referral.data or "")
        pending = send_code(form.identifier.data)
    except CrowdfundError as error:
        return pages.refuse("sign_in/sign_in.html", form, error, **context)
    session["otp"] = pending | {"next": target, "referral": referral}
    return pages.back(url_for("sign_in.enter_code", next=target))


def send_code(typed: str, person_id: str | None = None) -> dict[str, Any]:
    """Request a code for this browser; return what its session stores about it."""
    who = visitor()
    otp_id = codes_service.request_code(typed, ip=who.ip, device=who.browser, person_id=person_id)
    kind, value = contacts.identifier(typed)
    shown = contacts.shown_phone(value) if kind == "phone" else typed.strip()
    return {"id": otp_id, "kind": kind, "to": shown}


@bp.route("/sign-in/code", methods=["GET", "POST"])
def enter_code() -> BaseResponse:
    """Check the code; the right one signs in under a new session key."""
    target = requests.own_path(request.args.get("next"), "")
    if identity.current_user():  # used the back button, or sent the code twice
        return pages.back(url_for("sign_in.sign_in", next=target or None))
    pending = session.get("otp")
    if not pending or "to" not in pending:
        text = _(
            "This sign-in has ended, or it was started in another browser. Ask for a new code."
        )
        pages.flash(text, "warning")
        return pages.back(url_for("sign_in.sign_in", next=target or None))
    form = CodeForm()
    if not form.validate_on_submit():
        return code_page("sign_in/code.html", form, pending)
    try:
        person_id = codes_service.sign_in(
            pending["id"],
            form.code.data,
            ip=request.remote_addr or "",
            referral=pending.get("referral", ""),
        )
    except CrowdfundError as error:
        pages.put_error(form, error)
        return code_page("sign_in/code.html", form, pending, status=error.status)
    session.pop("otp", None)
    session.pop("referral", None)
    return enter(person_id, method="code", target=pending["next"])


def code_page(
    page: str, form: CodeForm, pending: dict[str, Any], *, status: int = 0
) -> BaseResponse:
    """Show the page that asks for a code; its field is as long as the code that was sent."""
    otp = queries.otp(pending["id"])
    is_long = otp is not None and otp.digits > codes.CODE_DIGITS
    status = status or (422 if form.errors else 200)
    return pages.render(page, form=form, pending=pending, is_long=is_long, status=status)


@bp.get("/join/<code>")
def join(code: str) -> BaseResponse:
    """Store the invitation code until the account is opened."""
    if identity.current_user():
        pages.flash(_("You already have an account. An invitation only counts when you open one."))
        return pages.back(url_for("campaigns.index"))
    try:
        session["referral"] = invitations.check(code[:40])
    except Invalid:
        text = _(
            "We do not recognise the invitation code in this link. You can sign in without one."
        )
        pages.flash(text, "warning")
    return pages.back(url_for("sign_in.sign_in"))


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this browser's session."""
    logout_user()
    session.clear()
    cast(SqlSession, session).rotate()
    pages.flash(_("You are signed out."), "success")
    return pages.back(url_for("campaigns.index"))
