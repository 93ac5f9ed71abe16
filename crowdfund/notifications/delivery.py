"""Render and send one message, without a transaction."""

from typing import Any

import structlog

from crowdfund.adapters import mail, mail_pictures, sms
from crowdfund.kernel import config, i18n
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.notifications import links, receipts, rendering
from crowdfund.notifications.kinds import KINDS
from crowdfund.notifications.rows import MessageRow
from crowdfund.notifications.rules import next_try_s
from crowdfund.sign_in.rules import codes

log = structlog.get_logger()


def deliver(message: MessageRow) -> None:
    """Render a message in its language and send it.

    Raises a CrowdfundError: of status 503 if another attempt may succeed, else for good.
    """
    with i18n.using(message.language, message.calendar):
        context = context_of(message)
        if message.channel == "sms":
            text = rendering.render_sms(message.template, context)
            sms.send(message.to_address, text, message_id=message.id)
            return
        picture = mail_pictures.jpeg(str(context.get("picture") or ""))
        context["shows_picture"] = bool(picture)
        subject, text, html = rendering.render(message.template, context)
        headers, receipt = _headers(context), _receipt(message.kind, context)
        content = mail.Content(subject, text, html, headers, picture, receipt)
        mail.send(message.to_address, content, message_id=message.id, written_at=message.created_at)


def _receipt(kind: str, context: dict[str, Any]) -> mail.Attachment | None:
    """Return the PDF of a kind that is a receipt; an older version queued some without a payer."""
    if kind not in KINDS or not KINDS[kind].is_receipt or "payer" not in context:
        return None
    content = receipts.write(kind, context, path=str(context["path"]))
    return mail.Attachment(receipts.file_name(str(context["receipt"])), content)


def try_again_s(error: Exception, tries: int) -> float | None:
    """Return the pause in seconds before the next attempt, or None if there is none."""
    if isinstance(error, CrowdfundError) and error.status != 503:
        return None
    return next_try_s(tries)


def context_of(message: MessageRow, *, secret: bool = True) -> dict[str, Any]:
    """Return the context of a message's template; for staff without secrets."""
    context = dict(message.context)
    if "otp_id" in context:
        digits = int(context.get("digits", codes.CODE_DIGITS))
        code = codes.code_for(config.settings().secret_key, str(context["otp_id"]), digits)
        context["code"] = code if secret else "••••••"
    if not secret and "path" in context:
        context["path"] = str(context["path"]).partition("?")[0]  # what follows may be a token
    if message.kind:
        person_id = message.person_id if secret else None
        context |= notice_context(message.kind, context, person_id=person_id)
    return context


def notice_context(kind: str, context: dict[str, Any], *, person_id: str | None) -> dict[str, Any]:
    """Return the context of a notice's template; the unsubscribe link needs a person."""
    is_mandatory, unsubscribe_url = KINDS[kind].mandatory, ""
    if person_id and not is_mandatory:
        unsubscribe_url = links.unsubscribe_url(person_id, kind)
    return {
        "name": "",
        "path": "",
        "picture_alt": "",
        **context,
        "words": rendering.words(kind, context),
        "facts": rendering.facts(kind, context),
        "picture_cid": mail.PICTURE,
        "shows_picture": False,
        "mandatory": is_mandatory,
        "preferences_url": f"{config.settings().public_url}/account/notifications",
        "unsubscribe_url": unsubscribe_url,
    }


def _headers(context: dict[str, Any]) -> dict[str, str]:
    """Return the headers of RFC 2369 and RFC 8058 for unsubscribing with one click."""
    url = context.get("unsubscribe_url")
    if not url:
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
