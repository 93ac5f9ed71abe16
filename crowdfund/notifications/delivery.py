"""Send one message: words, address, channel; without a transaction."""

from typing import Any

import structlog

from crowdfund.adapters import mail, sms
from crowdfund.kernel import config, i18n
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.notifications import links, rendering
from crowdfund.notifications.kinds import KINDS
from crowdfund.notifications.rules import next_try_s
from crowdfund.sign_in.rules import codes

log = structlog.get_logger()


def deliver(message: Any) -> None:  # noqa: ANN401 - a row of `message`
    """Render a message in its language and send it.

    Raises a CrowdfundError: of status 503 where another try may help, else for good.
    """
    with i18n.using(message.language):
        context = context_of(message)
        if message.channel == "sms":
            text = rendering.render_sms(message.template, context)
            sms.send(message.to_address, text, message_id=message.id)
            return
        subject, text, html = rendering.render(message.template, context)
        content = mail.Content(subject, text, html, _headers(context))
        mail.send(message.to_address, content, message_id=message.id)


def try_again_s(error: Exception, tries: int) -> float | None:
    """Return in how many seconds a failed send is tried again; None: never."""
    if isinstance(error, CrowdfundError) and error.status != 503:
        return None
    return next_try_s(tries)


def context_of(message: Any, *, secret: bool = True) -> dict[str, Any]:  # noqa: ANN401 - a row
    """Return what a message's template is filled with; without secrets for the eyes of staff."""
    context = dict(message.context)
    if "otp_id" in context:
        digits = int(context.get("digits", codes.CODE_DIGITS))
        code = codes.code_for(config.settings().secret_key, str(context["otp_id"]), digits)
        context["code"] = code if secret else "••••••"
    if not secret and "path" in context:
        context["path"] = str(context["path"]).partition("?")[0]  # what follows may be a token
    if message.kind:
        context |= notice_context(
            message.kind, context, person_id=message.person_id if secret else None
        )
    return context


def notice_context(kind: str, context: dict[str, Any], *, person_id: str | None) -> dict[str, Any]:
    """Return what the template of every notice needs; without a person there is no link to end them."""
    is_optional, here = not KINDS[kind].mandatory, config.settings().public_url
    return {
        "name": "", "path": "", **context, "words": rendering.words(kind, context),
        "mandatory": not is_optional, "preferences_url": f"{here}/account/notifications",
        "unsubscribe_url": links.unsubscribe_url(person_id, kind) if person_id and is_optional else "",
    }  # fmt: skip


def _headers(context: dict[str, Any]) -> dict[str, str]:
    """Return the headers of RFC 2369 and RFC 8058: one click ends this kind of e-mail."""
    url = context.get("unsubscribe_url")
    if not url:
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
