"""User management: people and their roles, closing and opening accounts."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.admin import queries, service
from crowdfund.admin.forms import ReasonForm, RequestForm
from crowdfund.admin.rows import UserRow
from crowdfund.admin.rules import KIND_LABELS, ROLE_LABELS
from crowdfund.admin.views.blueprint import bp
from crowdfund.kernel import exports
from crowdfund.kernel.errors import CrowdfundError, NotFound
from crowdfund.kernel.forms import named
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.kernel.web import identity, pages
from crowdfund.kernel.web import requests as web_requests
from crowdfund.people import queries as people_queries
from crowdfund.security import queries as security_queries

T = TypeVar("T")
SIZE = 25
HEADER = ("id", "first_name", "last_name", "email", "phone", "verification", "closed_at", "since")


@bp.get("/staff/users")
def users() -> Response:
    """List people with their roles."""
    page = queries.users(_filters(), web_requests.place(), size=SIZE)
    return pages.render(
        "admin/users.html",
        "admin/_users.html",
        page=page,
        roles=queries.roles_by_person({row.id for row in page.rows}),
        role_labels=ROLE_LABELS,
    )


@bp.get("/staff/users.csv")
def users_csv() -> Response:
    """Send everyone who fits the filters as CSV."""
    return exports.csv_file("users.csv", HEADER, _lines(queries.all_users(_filters())))


@bp.get("/staff/users/<string(length=32):person_id>")
def user(person_id: str) -> Response:
    """Show one person to an admin: roles, sign-in methods, sessions, requests, history."""
    return _page(person_id, ReasonForm(formdata=None), RequestForm(formdata=None))


@bp.post("/staff/users/<string(length=32):person_id>/ask")
def ask(person_id: str) -> BaseResponse:
    """Request a change of roles or of the second factor, which a colleague has to confirm."""
    form = RequestForm()
    if not form.validate_on_submit():
        return _page(person_id, ReasonForm(formdata=None), form, status=422)
    kind, role, reason = form.kind.data, form.role.data or "", form.reason.data
    try:
        service.ask(person_id, kind, role=role, reason=reason, actor=_me())
    except CrowdfundError as error:
        if error.field is None:
            raise
        pages.put_error(form, error)
        return _page(person_id, ReasonForm(formdata=None), form, status=error.status)
    pages.flash(_("Request sent. Another admin has seven days to approve it."), "success")
    return pages.back(url_for("admin.user", person_id=person_id))


@bp.post("/staff/users/<string(length=32):person_id>/disable")
def disable(person_id: str) -> BaseResponse:
    """Close an account; the page asks once more before it sends this."""
    form = named(ReasonForm(), "close")
    return _do(person_id, service.disable, lambda _done: _("The account is closed."), form)


@bp.post("/staff/users/<string(length=32):person_id>/enable")
def enable(person_id: str) -> BaseResponse:
    """Open a closed account again."""
    return _do(person_id, service.enable, lambda _done: _("The account is open again."))


@bp.post("/staff/users/<string(length=32):person_id>/sign-out")
def sign_out(person_id: str) -> BaseResponse:
    """End every session of a person."""

    def message(ended: int) -> str:
        return ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", ended)

    return _do(person_id, service.sign_out_everywhere, message)


def _do(
    person_id: str,
    verb: Callable[..., T],
    message: Callable[[T], str],
    form: ReasonForm | None = None,
) -> BaseResponse:
    form = form or ReasonForm()
    if not form.validate_on_submit():
        return _page(person_id, form, RequestForm(formdata=None), status=422)
    try:
        done = verb(person_id, actor=_me(), reason=form.reason.data)
    except CrowdfundError as error:
        if error.field is None:
            raise
        pages.put_error(form, error)
        return _page(person_id, form, RequestForm(formdata=None), status=error.status)
    pages.flash(message(done), "success")
    return pages.back(url_for("admin.user", person_id=person_id))


def _page(
    person_id: str, reason: ReasonForm, ask_form: RequestForm, *, status: int = 200
) -> Response:
    person = people_queries.get(person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    grants, history = queries.role_grants(person_id), people_queries.kyc_history(person_id)
    security = security_queries.security_events(person_id)
    requests = queries.staff_requests(person_id=person_id).rows
    count, seen_at = queries.open_sessions(person_id)
    actors = {row.given_by for row in grants} | {row.asked_by for row in requests}
    actors |= {row.actor for row in history} | {row.actor for row in security}
    return pages.render(
        "admin/user.html",
        status=status,
        person=person,
        grants=grants,
        methods=queries.masked_methods(person_id),
        factors=security_queries.factors(person_id),
        sessions_count=count,
        seen_at=seen_at,
        requests=requests,
        history=history,
        security=security,
        names=people_queries.names(actors),
        kind_labels=KIND_LABELS,
        role_labels=ROLE_LABELS,
        ask_form=ask_form,
        **_reason_forms(reason),
    )


def _reason_forms(filled: ReasonForm) -> dict[str, ReasonForm]:
    """Return the forms that ask for a reason; the one that was sent is shown as it was filled."""
    if filled.reason.id == "reason-close":
        return {"close_form": filled, "reason_form": ReasonForm(formdata=None)}
    return {"close_form": named(ReasonForm(formdata=None), "close"), "reason_form": filled}


def _me() -> str:
    return identity.signed_in().id


def _filters() -> queries.UserFilters:
    args = {name: value.strip()[:100] for name, value in request.args.items()}
    return queries.UserFilters(
        search=args.get("q", ""),
        role=args.get("role", ""),
        state=args.get("state", ""),
        sort=args.get("sort", "-since"),
    )


def _lines(rows: Iterable[UserRow]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        names = (row.first_name, row.last_name)
        yield (
            row.id,
            *names,
            row.email,
            row.phone,
            row.kyc_status,
            row.disabled_at,
            row.created_at,
        )
