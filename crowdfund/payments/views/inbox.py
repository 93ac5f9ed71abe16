"""Staff pages: webhooks as they were received."""

from datetime import timedelta

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import clock
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.payments import desk_queries, queries
from crowdfund.payments.service import inbox as inbox_service
from crowdfund.payments.views.blueprint import bp

STATES = ("received", "queued", "parked", "done", "refused", "dead")


@bp.get("/staff/webhooks")
def inbox() -> Response:
    """List webhooks, newest first, with counts by state."""
    state = request.args.get("state", "")
    page = desk_queries.inbox_page(
        state=state if state in STATES else "",
        search=request.args.get("q", "")[:80],
        place=requests.place(),
    )
    return pages.render(
        "payments/inbox.html",
        "payments/_inbox.html",
        page=page,
        counts=desk_queries.inbox_counts(),
        states=STATES,
        refused=desk_queries.refused_since(clock.now() - timedelta(days=1)),
    )


@bp.post("/staff/webhooks/replay-all")
def replay_all() -> BaseResponse:
    """Process every parked and dead webhook again."""
    count = inbox_service.replay_all(actor=identity.signed_in().id)
    text = ngettext(
        "%(num)s webhook is being processed again.",
        "%(num)s webhooks are being processed again.",
        count,
    )
    pages.flash(text if count else _("No webhook was waiting. Nothing was changed."), "info")
    return pages.back(url_for("payments.inbox"))


@bp.get("/staff/webhooks/<string(length=32):inbox_id>")
def webhook(inbox_id: str) -> Response:
    """Show one webhook: raw body, headers without secrets, state."""
    row = queries.webhook(inbox_id)
    return pages.render("payments/webhook.html", row=row, body=row.raw.decode("utf-8", "replace"))


@bp.post("/staff/webhooks/<string(length=32):inbox_id>/replay")
def replay(inbox_id: str) -> BaseResponse:
    """Process a parked or dead webhook again."""
    inbox_service.replay(inbox_id, actor=identity.signed_in().id)
    pages.flash(_("The webhook is being processed again."), "info")
    return pages.back(url_for("payments.webhook", inbox_id=inbox_id))
