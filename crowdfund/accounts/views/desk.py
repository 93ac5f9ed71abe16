"""The desk that verifies people."""

from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...errors import CrowdfundError, NotFound
from .. import queries, service
from ..forms import ReviewForm
from .blueprint import bp, refuse


@bp.get("/staff/people")
def people() -> Response:
    """List people with their verification, for compliance."""
    page = web.page_number()
    status, search = request.args.get("status", ""), request.args.get("q", "")[:100]
    rows = queries.people(status=status, search=search, page=page)
    counts = queries.kyc_counts()
    return web.render("accounts/people.html", rows=rows[:25], more=len(rows) > 25, page=page, counts=counts)


@bp.route("/staff/people/<person_id>", methods=["GET", "POST"])
def review(person_id: str) -> BaseResponse:
    """Show one person to a reviewer and take the decision."""
    person = queries.get(person_id)
    if person is None:
        raise NotFound("There is no such person.")
    form = ReviewForm()
    events = queries.kyc_history(person_id)
    names = queries.names({event.actor for event in events})
    context: dict[str, Any] = {"person": person, "events": events, "names": names}
    if form.validate_on_submit():
        approve = form.decision.data == "approve"
        actor, reason = web.current_user().id, form.reason.data or ""
        try:
            service.verify(person_id, actor=actor, approve=approve, reason=reason)
        except CrowdfundError as error:
            return refuse("accounts/review.html", form, error, **context)
        web.flash(f"{person.name} was {'verified' if approve else 'rejected'}.", "success")
        return web.back(url_for("accounts.people", status="pending"))
    return web.render("accounts/review.html", form=form, status=422 if form.errors else 200, **context)
