"""E-mail over SMTP; in tests a list of what was sent."""

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr

from crowdfund.kernel import config
from crowdfund.kernel.errors import CrowdfundError, Unavailable

TIMEOUT_S = 10
OUTBOX: list[EmailMessage] = []  # what a process without MAIL_SERVER has "sent" (tests)


@dataclass(frozen=True, slots=True)
class Content:
    """The content of an e-mail; `headers` are added to the usual ones."""

    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


class AddressRefused(CrowdfundError):
    """The server will never take mail for this address; a repeat is useless."""

    status = 422
    code = "address_refused"


def send(to_address: str, content: Content, *, message_id: str) -> None:
    """Send one e-mail; raises AddressRefused for good, Unavailable when it is worth another try.

    The Message-ID follows from our own id, so that a repeat is recognised as the same message.
    """
    settings = config.settings()
    message = _message(settings.mail_default_sender, to_address, content, message_id=message_id)
    if not settings.mail_server:
        OUTBOX.append(message)
        return
    try:
        _deliver(settings, message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if all(500 <= code < 600 for code in codes):
            raise AddressRefused(f"The mail server refused the address with {codes[0]}.") from error
        raise Unavailable(f"The mail server answered {codes[0]}.") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The mail server does not answer: {error}") from error


def _message(sender: str, to_address: str, content: Content, *, message_id: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to_address
    message["Subject"] = content.subject
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{message_id}@{domain}>"
    for name, value in content.headers.items():
        message[name] = value
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    return message


def _deliver(settings: config.Settings, message: EmailMessage) -> None:
    with smtplib.SMTP(settings.mail_server, settings.mail_port, timeout=TIMEOUT_S) as server:
        if settings.mail_use_tls:
            server.starttls()
        if settings.mail_username:
            server.login(settings.mail_username, settings.mail_password)
        server.send_message(message)
