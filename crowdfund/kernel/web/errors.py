"""Every error becomes a page or a problem document; nothing of the request is stored."""

from collections.abc import Callable
from typing import Any

import structlog
from flask import (
    Response,
    current_app,
    g,
    redirect,
    request,
)
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import db, retrying
from crowdfund.kernel.audit import shell as audit_shell
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web.identity import current_user
from crowdfund.kernel.web.navigation import page_of_form
from crowdfund.kernel.web.refusals import error_response, to_sign_in
from crowdfund.kernel.web.requests import (
    SAFE,
    is_htmx,
    may_write,
    needs_user,
    sql_session,
    this_request,
    wants_json,
)

log = structlog.get_logger()


def _show_refusal(error: CrowdfundError) -> BaseResponse:
    db.rollback()
    if error.status == 401:
        return to_sign_in()
    if error.status == 403:
        audit_shell.refused(current_user())
    return error_response(error.status, error.code, error.user_message, back=_back(error.status))


def _back(status: int) -> str:
    """Return the page of the form that was refused, if its reader may go on from there."""
    may_go_on = status in (409, 413, 422) and request.method not in SAFE
    return page_of_form() if may_go_on else ""


def _show_csrf(_error: CSRFError) -> BaseResponse:
    if current_user() is None and needs_user(request.endpoint):
        return to_sign_in()  # the session has ended: the token went with it
    text = _(
        "This form was open too long or came from another site. Nothing was done. "
        "Reload and try again."
    )
    return error_response(400, "csrf", text)


def _show_http(error: HTTPException) -> BaseResponse:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    if status == 405 and request.method in SAFE and not wants_json() and not is_htmx():
        return redirect(page_of_form(), 303)
    crash = getattr(error, "original_exception", None)
    if crash is not None:  # Flask's error for a failed commit, after the view
        return _show_crash(crash)
    sentences = {
        404: _("There is nothing at this address. It may have moved; nothing was lost."),
        405: _("This address does not take that kind of request."),
        413: _too_large(),
    }
    sentence = sentences.get(status, _("The request was not understood."))
    return error_response(status, f"http_{status}", sentence, back=_back(status))


def _too_large() -> str:
    """Return what was too large: all that was sent, or the texts of a form alone."""
    most = current_app.config["MAX_CONTENT_LENGTH"]
    if (request.content_length or most + 1) > most:
        return _("The file is larger than 10 MB. Choose a smaller one; nothing was stored.")
    return _(
        "What you entered is too long to be read. Nothing was saved. Shorten it and try again."
    )


def _show_crash(error: Exception) -> BaseResponse:
    db.rollback()
    fault = db.fault_of(error)
    if fault is not None:
        return _show_fault(error, fault)
    log.exception("request.crashed", path=request.path, request_id=g.get("request_id"))
    if current_app.config.get("PROPAGATE_CRASHES"):
        raise error
    text = _(
        "Something went wrong on our side. Nothing was booked by this request. "
        "Try again in a moment."
    )
    return error_response(500, "server_error", text)


def _show_fault(error: Exception, fault: db.Fault) -> BaseResponse:
    """Run the request again where that is safe, else answer 503 without using the database."""
    sql_session().forget_changes()
    facts = {"path": request.path, "fault": fault, "request_id": g.get("request_id")}
    if retrying.run_again(request.environ, fault, is_safe=not may_write(this_request())):
        log.warning("request.again", **facts)
        return Response(status=503)
    log.error("request.database_fault", error=str(error), **facts)
    g.user = None
    text = retrying.sentence(fault, in_commit=g.get("commit_began", False))
    return error_response(503, f"database_{fault}", text)


HANDLERS: dict[type[Exception], Callable[[Any], BaseResponse]] = {
    CrowdfundError: _show_refusal,
    CSRFError: _show_csrf,
    HTTPException: _show_http,
    Exception: _show_crash,
}
