"""Staff pages: webhooks as they came."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...i18n import _
from .. import queries, service
from .blueprint import bp

STATES = ("received", "parked", "done", "refused", "dead")


@bp.get("/staff/webhooks")
def inbox() -> Response:
    """List webhooks, newest first, with counts by state."""
    state = request.args.get("state", "")
    page = queries.inbox_page(
        state=state if state in STATES else "",
        search=request.args.get("q", "")[:80],
        before=request.args.get("before", "")[:32],
    )
    return web.render(
        "payments/inbox.html",
        "payments/_inbox.html",
        page=page,
        counts=queries.inbox_counts(),
        states=STATES,
    )


@bp.get("/staff/webhooks/<inbox_id>")
def webhook(inbox_id: str) -> Response:
    """Show one webhook: raw body, headers without secrets, state."""
    row = queries.webhook(inbox_id)
    return web.render("payments/webhook.html", row=row, body=row.raw.decode("utf-8", "replace"))


@bp.post("/staff/webhooks/<inbox_id>/replay")
def replay(inbox_id: str) -> BaseResponse:
    """Process a parked or dead webhook again."""
    service.replay(inbox_id, actor=web.current_user().id)
    web.flash(_("The webhook is being processed again."), "info")
    return web.back(url_for("payments.webhook", inbox_id=inbox_id))
