"""The desk of messages: list them, read one, send a failed one again."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import i18n
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages, requests
from crowdfund.notifications import delivery, queries, rendering, rules, service
from crowdfund.notifications.kinds import CHANNELS, KINDS
from crowdfund.notifications.rows import MessageRow
from crowdfund.notifications.views.blueprint import bp
from crowdfund.people import queries as people_queries


@bp.get("/staff/messages")
def messages() -> Response:
    """List messages with filters, newest first; addresses are masked."""
    args = request.args
    search = args.get("q", "").strip()[:100]
    wanted = queries.MessageFilter(
        state=args.get("state", ""),
        channel=args.get("channel", ""),
        kind=args.get("kind", "")[:60],
        address=search,
        person_ids=people_queries.matching(search) if search else None,
    )
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
        kinds=sorted((rendering.label(kind), kind) for kind in KINDS),
    )


def title_of(message: MessageRow) -> str:
    """Return what a message is about, without secrets of its context."""
    if message.kind in KINDS:
        return rendering.words(message.kind, message.context).title
    return _("Sign-in code") if message.template == "code" else message.template


@bp.get("/staff/messages/<message_id>")
def message(message_id: str) -> Response:
    """Show one message as it was written, without codes."""
    found = queries.message(message_id)
    names = people_queries.names({found.person_id} if found.person_id else set())
    with i18n.using(found.language, found.calendar):
        subject, text = _words(found)
    return pages.render(
        "notifications/message.html",
        message=found,
        state=queries.state_of(found),
        type_words=rendering.label(found.kind) if found.kind in KINDS else title_of(found),
        address=rules.masked(found.to_address),
        name=names.get(found.person_id or "", ""),
        language=i18n.LANGUAGES.get(found.language, i18n.LANGUAGES["en"]),
        subject=subject,
        text=text,
        max_tries=rules.MAX_TRIES,
    )


def _words(message: MessageRow) -> tuple[str, str]:
    context = delivery.context_of(message, secret=False)
    if message.channel == "sms":
        return "", rendering.render_sms(message.template, context)
    subject, text, _html = rendering.render(message.template, context)
    return subject, text


@bp.post("/staff/messages/<message_id>/retry")
def retry(message_id: str) -> BaseResponse:
    """Send a failed message again."""
    service.retry(queries.message(message_id).id)
    pages.flash(_("We are sending the message again."), "success")
    return pages.back(url_for("notifications.message", message_id=message_id))
