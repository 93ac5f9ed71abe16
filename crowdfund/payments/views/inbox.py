"""Staff pages: webhooks as they came."""

from datetime import timedelta

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import clock, web
from ...i18n import _, ngettext
from .. import queries, service
from .blueprint import bp

STATES = ("received", "queued", "parked", "done", "refused", "dead")


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
        refused=queries.refused_since(clock.now() - timedelta(days=1)),
    )


@bp.post("/staff/webhooks/replay-all")
def replay_all() -> BaseResponse:
    """Process every parked and dead webhook again."""
    count = service.replay_all(actor=web.current_user().id)
    text = ngettext(
        "%(num)s webhook is being processed again.", "%(num)s webhooks are being processed again.", count
    )
    web.flash(text if count else _("No webhook was waiting. Nothing was changed."), "info")
    return web.back(url_for("payments.inbox"))


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
