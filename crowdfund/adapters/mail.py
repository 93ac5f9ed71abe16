"""E-mail over SMTP; a Fake that keeps what was sent."""

import smtplib
from email.message import EmailMessage
from email.utils import parseaddr

from .. import config
from ..errors import Unavailable

TIMEOUT_S = 10
OUTBOX: list[EmailMessage] = []  # what a process without MAIL_SERVER has "sent" (tests)


def send(to_address: str, subject: str, text: str, html: str, *, message_id: str) -> None:
    """Send one e-mail; raises Unavailable when the server does not take it.

    The Message-ID follows from our own id, so that a repeat is recognised as the same message.
    """
    settings = config.settings()
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_default_sender, to_address, subject
    domain = parseaddr(settings.mail_default_sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    if not settings.mail_server:
        OUTBOX.append(message)
        return
    try:
        with smtplib.SMTP(settings.mail_server, settings.mail_port, timeout=TIMEOUT_S) as server:
            if settings.mail_use_tls:
                server.starttls()
            if settings.mail_username:
                server.login(settings.mail_username, settings.mail_password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The mail server does not answer: {error}") from error
