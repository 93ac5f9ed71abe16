"""Requests that one admin makes and another decides."""

from functools import partial

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.admin import queries, service
from crowdfund.admin.forms import ReasonForm
from crowdfund.admin.rules import KIND_LABELS, REQUEST_STATES, ROLE_LABELS
from crowdfund.admin.views.blueprint import bp
from crowdfund.kernel.audit import shell as audit_shell
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import decisions, identity, pages
from crowdfund.kernel.web import requests as web_requests
from crowdfund.people import queries as people_queries

SIZE = 25


@bp.get("/staff/requests")
def requests() -> Response:
    """List requests, by default the pending ones."""
    status = request.args.get("status", "pending")
    shown = "" if status == "all" else status
    page = queries.staff_requests(status=shown, place=web_requests.place(), size=SIZE)
    people = {one for row in page.rows for one in (row.person_id, row.asked_by)}
    return pages.render(
        "admin/requests.html",
        "admin/_requests.html",
        page=page,
        names=people_queries.names(people),
        counts=queries.staff_request_counts(),
        states=REQUEST_STATES,
        shown=status,
        kind_labels=KIND_LABELS,
        role_labels=ROLE_LABELS,
    )


@bp.get("/staff/requests/<string(length=32):request_id>")
def requested(request_id: str) -> Response:
    """Show one request with its history, and buttons to those who may decide."""
    return _page(request_id, ReasonForm(formdata=None))


@bp.post("/staff/requests/<string(length=32):request_id>/confirm")
def confirm(request_id: str) -> BaseResponse:
    """Carry out a colleague's request."""
    _audit_person(request_id)
    service.confirm(request_id, actor=_me())
    pages.flash(_("Done. We have notified the person."), "success")
    return pages.back(url_for("admin.requested", request_id=request_id))


@bp.post("/staff/requests/<string(length=32):request_id>/refuse")
def refuse(request_id: str) -> BaseResponse:
    """Refuse a colleague's request with a reason."""
    _audit_person(request_id)
    return decisions.refuse(
        ReasonForm(),
        partial(service.refuse, request_id, actor=_me()),
        partial(_page, request_id),
        url_for("admin.requested", request_id=request_id),
    )


@bp.post("/staff/requests/<string(length=32):request_id>/withdraw")
def withdraw(request_id: str) -> BaseResponse:
    """Withdraw one's own request."""
    _audit_person(request_id)
    service.withdraw(request_id, actor=_me())
    pages.flash(_("Withdrawn. Nothing was changed."), "success")
    return pages.back(url_for("admin.requested", request_id=request_id))


def _audit_person(request_id: str) -> None:
    """Record in the audit log which person this is about, not only the request."""
    found = queries.staff_request(request_id)
    audit_shell.about(
        "person", found.person_id, request_id=request_id, kind=found.kind, role=found.role
    )


def _page(request_id: str, form: ReasonForm, *, status: int = 200) -> Response:
    found = queries.staff_request(request_id)
    events = queries.staff_request_history(request_id)
    people = {found.person_id, found.asked_by, *(event.actor for event in events)}
    return pages.render(
        "admin/requested.html",
        status=status,
        asked=found,
        events=events,
        names=people_queries.names(people),
        kind_labels=KIND_LABELS,
        role_labels=ROLE_LABELS,
        form=form,
    )


def _me() -> str:
    return identity.signed_in().id
