"""A person's own notices."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.web import identity, pages, requests
from crowdfund.notifications import queries, service
from crowdfund.notifications.views.blueprint import bell as bell_html
from crowdfund.notifications.views.blueprint import bp, shown


@bp.get("/notifications")
def index() -> Response:
    """List a person's notices, newest first; unread ones only on request."""
    person_id, show = identity.signed_in().id, request.args.get("show", "")
    page = queries.notices_of(person_id, unread_only=show == "unread", place=requests.place())
    return pages.render(
        "notifications/index.html",
        "notifications/_list.html",
        page=page.map(shown),
        show=show,
        unread=queries.unread(person_id),
    )


@bp.get("/notifications/bell")
def bell() -> Response:
    """Show the icon with the number of unread notices, for live updates."""
    return Response(bell_html(), mimetype="text/html")


@bp.post("/notifications/<notice_id>/open")
def open_notice(notice_id: str) -> BaseResponse:
    """Mark a notice as read and redirect to its page."""
    person_id = identity.signed_in().id
    notice = queries.notice_of(notice_id, person_id)
    service.mark_read(person_id, notice_id)
    return pages.back(requests.own_path(notice.path, url_for("notifications.index")))


@bp.post("/notifications/<notice_id>/read")
def mark_read(notice_id: str) -> BaseResponse:
    """Mark one notice as read."""
    person_id = identity.signed_in().id
    service.mark_read(person_id, queries.notice_of(notice_id, person_id).id)
    return pages.back(_list_again())


@bp.post("/notifications/read-all")
def mark_all() -> BaseResponse:
    """Mark every notice as read."""
    service.mark_read(identity.signed_in().id)
    return pages.back(_list_again())


def _list_again() -> str:
    return requests.own_path(request.form.get("next"), url_for("notifications.index"))
