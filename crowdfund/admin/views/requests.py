"""What one admin asked and another decides."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...accounts import queries as accounts
from ...accounts import service as account_service
from ...accounts.rules.administration import KIND_LABELS, REQUEST_STATES, ROLE_LABELS
from ...audit import shell as audit_shell
from ...errors import CrowdfundError
from ...i18n import _
from ..forms import ReasonForm
from .blueprint import bp

SIZE = 25


@bp.get("/staff/requests")
def requests() -> Response:
    """List requests, those that wait unless others are asked for."""
    page, status = web.page_number(), request.args.get("status", "pending")
    rows = accounts.staff_requests(status="" if status == "all" else status, page=page, size=SIZE)
    people = (
        {row.person_id for row in rows} | {row.asked_by for row in rows} | {row.decided_by for row in rows}
    )
    return web.render(
        "admin/requests.html",
        "admin/_requests.html",
        rows=rows[:SIZE],
        names=accounts.names(people - {None}),
        counts=accounts.staff_request_counts(),
        states=REQUEST_STATES,
        shown=status,
        page=page,
        more=len(rows) > SIZE,
        kind_labels=KIND_LABELS,
        role_labels=ROLE_LABELS,
    )


@bp.get("/staff/requests/<string(length=32):request_id>")
def requested(request_id: str) -> Response:
    """Show one request with its history, and to those who may decide the buttons."""
    return _page(request_id, ReasonForm(formdata=None))


@bp.post("/staff/requests/<string(length=32):request_id>/confirm")
def confirm(request_id: str) -> BaseResponse:
    """Do what a colleague asked for."""
    _name(request_id)
    account_service.administration.confirm(request_id, actor=_me())
    web.flash(_("Done. We have notified the person."), "success")
    return web.back(url_for("admin.requested", request_id=request_id))


@bp.post("/staff/requests/<string(length=32):request_id>/refuse")
def refuse(request_id: str) -> BaseResponse:
    """Decline what a colleague asked for, with a reason."""
    _name(request_id)
    form = ReasonForm()
    try:
        account_service.administration.refuse(request_id, actor=_me(), reason=form.reason.data)
    except CrowdfundError as error:
        if error.field is None:
            raise
        web.put_error(form, error)
        return _page(request_id, form, status=error.status)
    web.flash(_("Refused. Nothing was changed."), "success")
    return web.back(url_for("admin.requested", request_id=request_id))


@bp.post("/staff/requests/<string(length=32):request_id>/withdraw")
def withdraw(request_id: str) -> BaseResponse:
    """Take back what one asked for."""
    _name(request_id)
    account_service.administration.withdraw(request_id, actor=_me())
    web.flash(_("Withdrawn. Nothing was changed."), "success")
    return web.back(url_for("admin.requested", request_id=request_id))


def _name(request_id: str) -> None:
    """Tell the audit log whom this is about: the person, not only the request."""
    found = accounts.staff_request(request_id)
    audit_shell.about("person", found.person_id, request_id=request_id, kind=found.kind, role=found.role)


def _page(request_id: str, form: ReasonForm, *, status: int = 200) -> Response:
    found = accounts.staff_request(request_id)
    events = accounts.staff_request_history(request_id)
    people = {found.person_id, found.asked_by, *(event.actor for event in events)}
    return web.render(
        "admin/requested.html",
        status=status,
        asked=found,
        events=events,
        names=accounts.names(people),
        kind_labels=KIND_LABELS,
        role_labels=ROLE_LABELS,
        form=form,
    )


def _me() -> str:
    return str(web.current_user().id)
