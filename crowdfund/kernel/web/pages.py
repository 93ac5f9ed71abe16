"""Render pages and fragments, send the browser on, put refusals into forms."""

from typing import Any, cast
from urllib.parse import urlencode

from flask import (
    Response,
    current_app,
    get_flashed_messages,
    make_response,
    redirect,
    render_template,
    request,
)
from flask import flash as flask_flash
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import db, headers
from crowdfund.kernel.db.paging import Page
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web.requests import is_htmx


def render(
    page: str, /, partial: str | None = None, *, status: int = 200, **context: object
) -> Response:
    """Render the partial for htmx and the page for browsers; and say what both depend on.

    A page of a list that has become empty sends on to the first: the list itself may not be empty.
    """
    listed = context.get("page")
    if isinstance(listed, Page) and not listed.rows and listed.previous is not None:
        return _first_page()
    template = partial if partial and is_htmx() else page
    html = render_template(template, **context)
    if status >= 400 and "data-error-summary" in html:
        html = html.replace("<title>", f"<title>{_('Error:')} ", 1)  # heard first when it is read
    response = make_response(html, status)
    response.headers.add("Vary", headers.PAGE_VARIES)
    return response


def _first_page() -> Response:
    args = [
        (name, text)
        for name, text in request.args.items(multi=True)
        if name not in ("before", "after")
    ]
    return cast(Response, redirect(request.path + ("?" + urlencode(args) if args else "")))


def render_part(template: str, /, **context: object) -> Markup:
    """Render a part of a page that many readers share; using the signed-in person raises."""
    return Markup(current_app.jinja_env.get_template(template).render(context))  # noqa: S704 - it escapes


def back(url: str) -> BaseResponse:
    """Send the browser on after a POST: 303, or HX-Redirect for htmx."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def flash(text: str, kind: str = "info") -> None:
    """Store a sentence for the next page; kinds: info, success, warning, danger."""
    flask_flash(text, kind)


def put_error(form: FlaskForm, error: CrowdfundError) -> None:
    """Put a service's refusal at the field it names, or on top of the form.

    What the service had begun is forgotten first: the page must not show it as done.
    """
    db.rollback()
    if error.field in form:
        field = form[error.field]
        field.errors = [*field.errors, error.user_message]
    else:
        form.form_errors.append(error.user_message)


def refuse(page: str, form: FlaskForm, error: CrowdfundError, **context: Any) -> Response:
    """Show a refusal in the form it belongs to."""
    put_error(form, error)
    return render(page, form=form, status=error.status, **context)


def flashes() -> list[tuple[str, str]]:
    """Return the stored messages as (kind, text)."""
    return cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
