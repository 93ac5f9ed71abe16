"""Every kind of message with an example, in every language and channel, for its authors."""

from flask import Response, abort, request

from crowdfund.kernel import i18n
from crowdfund.kernel.web import pages
from crowdfund.notifications import delivery, rendering
from crowdfund.notifications.kinds import CHANNELS, GROUPS, KINDS
from crowdfund.notifications.views.blueprint import bp

# The e-mail is shown in a frame of its own, which allows inline styles and no scripts.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"
)


@bp.get("/staff/messages/preview")
def previews() -> Response:
    """List every kind with its words; one of them as e-mail and SMS."""
    language = _language()
    asked = request.args.get("kind", "")
    kind = asked if asked in KINDS else next(iter(KINDS))
    with i18n.using(language):
        subject, text, _html = _email(kind)
        sms = _sms(kind)
        titles = {name: rendering.words(name, one.sample).title for name, one in KINDS.items()}
    return pages.render(
        "notifications/preview.html",
        kinds=KINDS,
        groups=GROUPS,
        titles=titles,
        kind=kind,
        language=language,
        subject=subject,
        text=text,
        sms=sms,
        channels=CHANNELS,
        languages=i18n.LANGUAGES,
    )


@bp.get("/staff/messages/preview/<kind>/<language>")
def preview_html(kind: str, language: str) -> Response:
    """Show the HTML of an e-mail as it is sent."""
    if kind not in KINDS or language not in i18n.LANGUAGES:
        abort(404)
    with i18n.using(language):
        html = _email(kind)[2]
    headers = {"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(html, mimetype="text/html", headers=headers)


def _language() -> str:
    wanted = request.args.get("language", "")
    return wanted if wanted in i18n.LANGUAGES else "en"


def _email(kind: str) -> tuple[str, str, str]:
    return rendering.render("notice", _context(kind))


def _sms(kind: str) -> str:
    return rendering.render_sms("notice", _context(kind))


def _context(kind: str) -> dict[str, object]:
    found = KINDS[kind]
    context = {**found.sample, "name": "Almaz", "path": found.path}
    return delivery.notice_context(kind, context, person_id="nobody")
