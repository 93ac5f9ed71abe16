"""The desk: what went out, what did not, and another try."""

from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import i18n
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages, requests
from crowdfund.notifications import delivery, queries, rendering, rules, service
from crowdfund.notifications.kinds import CHANNELS, KINDS
from crowdfund.notifications.views.blueprint import bp
from crowdfund.people import queries as people_queries


@bp.get("/staff/messages")
def messages() -> Response:
    """List messages with filters, newest first; addresses are masked."""
    args = request.args
    search = args.get("q", "").strip()[:100]
    wanted = queries.MessageFilter(
        state=args.get("state", ""), channel=args.get("channel", ""), kind=args.get("kind", "")[:60],
        address=search, person_ids=people_queries.matching(search) if search else None,
    )  # fmt: skip
    page = queries.messages(wanted, requests.place())
    return pages.render(
        "notifications/messages.html",
        "notifications/_messages.html",
        page=page,
        people=people_queries.names({row.person_id for row in page.rows if row.person_id}),
        title_of=title_of,
        state_of=queries.state_of,
        masked=rules.masked,
        counts=queries.message_counts(),
        channels=CHANNELS,
        states=queries.STATES,
        kinds=sorted(KINDS),
    )


def title_of(message: Any) -> str:  # noqa: ANN401 - a row
    """Return what a message is about, without anything from its context that could be a secret."""
    if message.kind in KINDS:
        return rendering.words(message.kind, message.context).title
    return _("Sign-in code") if message.template == "code" else str(message.template)


@bp.get("/staff/messages/<message_id>")
def message(message_id: str) -> Response:
    """Show one message as it was written, without codes."""
    found = queries.message(message_id)
    with i18n.using(found.language):
        subject, text = _words(found)
    return pages.render(
        "notifications/message.html",
        message=found,
        state=queries.state_of(found),
        address=rules.masked(found.to_address),
        name=people_queries.names({found.person_id}).get(found.person_id, "")
        if found.person_id
        else "",
        language=i18n.LANGUAGES.get(found.language, i18n.LANGUAGES["en"]),
        subject=subject,
        text=text,
        max_tries=rules.MAX_TRIES,
    )


def _words(found: Any) -> tuple[str, str]:  # noqa: ANN401 - a row
    context = delivery.context_of(found, secret=False)
    if found.channel == "sms":
        return "", rendering.render_sms(found.template, context)
    return rendering.render(found.template, context)[:2]


@bp.post("/staff/messages/<message_id>/retry")
def retry(message_id: str) -> BaseResponse:
    """Send a message again that was given up."""
    service.retry(queries.message(message_id).id)
    pages.flash(_("We are sending the message again."), "success")
    return pages.back(url_for("notifications.message", message_id=message_id))
