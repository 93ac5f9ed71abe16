"""Responses to refused requests: sign-in, second factor, error page."""

from urllib.parse import quote

from flask import (
    Response,
    g,
    jsonify,
    make_response,
    redirect,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import access
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.web.pages import render
from crowdfund.kernel.web.requests import (
    SAFE,
    is_htmx,
    page_of_request,
    referring_path,
    sql_session,
    this_request,
    wants_file,
    wants_json,
)


def to_sign_in() -> BaseResponse:
    """Lead to the sign-in page, and from there back to here; it says so if a session has ended."""
    url = url_for("sign_in.sign_in") + "?next=" + quote(_page_to_return_to())
    if sql_session().has_ended:
        url += "&ended=" + ("page" if this_request().method in SAFE else "unsaved")
    if wants_json():
        return error_response(401, "not_signed_in", _("Sign in first."))
    if wants_file():
        text = _("You are signed out, so this file was not sent. Sign in, then download it again.")
        return error_response(401, "not_signed_in", text, leads_to=url)
    if is_htmx() and this_request().endpoint in access.FRAGMENTS:
        # Read in the background: it must not take the reader away from what they are typing.
        return Response(status=401, headers={"X-Sign-In": url})
    if is_htmx():
        return Response(status=401, headers={"HX-Redirect": url})
    return redirect(url, 303)


def to_second_factor() -> BaseResponse:
    """Lead to the proof of the second factor, and from there back to here."""
    url = url_for("security.second_factor") + "?next=" + quote(_page_to_return_to())
    if wants_json() or wants_file():
        text = _("Confirm it is you with your second factor first. Nothing was changed.")
        return error_response(403, "second_factor_needed", text, leads_to=url)
    if is_htmx():
        return Response(status=403, headers={"HX-Redirect": url})
    return redirect(url, 303)


def _page_to_return_to() -> str:
    return referring_path() if wants_file() else page_of_request()


def to_terms() -> BaseResponse:
    """Lead to the terms of use, and from there back to here; nothing that was sent is done."""
    url = url_for("about.accept_terms", next=page_of_request())
    if this_request().method in SAFE:
        return redirect(url, 303)
    text = _("Read and accept the terms of use first. Nothing was sent and nothing was charged.")
    return error_response(403, "terms_not_accepted", text, leads_to=url)


_TITLES = {
    400: _l("That did not work"),
    401: _l("Please sign in"),
    403: _l("Not for this account"),
    404: _l("Page not found"),
    405: _l("Not possible here"),
    409: _l("This has changed meanwhile"),
    413: _l("The file is too big"),
    422: _l("Please check what you entered"),
    429: _l("Too many tries"),
    503: _l("Not available at the moment"),
}


def error_response(
    status: int, code: str, message: str, *, leads_to: str = "", back: str = ""
) -> BaseResponse:
    """Return an error page, a fragment, or a problem document (RFC 9457) for a program.

    `leads_to` is the address of what has to be done first, `back` of the page with the form.
    """
    title = str(_TITLES.get(status) or _("Something went wrong"))
    if wants_json():
        body = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": code,
            "detail": message,
            "error": message,
        }
        response = make_response(jsonify(body), status)
        response.mimetype = "application/problem+json"
        return response
    error = {
        "status": status,
        "code": code,
        "title": title,
        "message": message,
        "request_id": g.get("request_id", ""),
        "leads_to": leads_to,
        "back": back,
    }
    return render("errors/error.html", "errors/_error.html", status=status, error=error)
