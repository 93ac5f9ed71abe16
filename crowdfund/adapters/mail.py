"""E-mail over SMTP; in tests a list of what was sent."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Literal

from crowdfund.kernel import config
from crowdfund.kernel.errors import CrowdfundError, Unavailable

TIMEOUT_S = 10
TLS_PORT = 465  # RFC 8314: TLS from the first byte
LINE = 78
PICTURE = "picture@crowdfund"
OUTBOX: list[EmailMessage] = []  # what a process without MAIL_SERVER has "sent" (tests)
Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF file to keep."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """The content of an e-mail; `headers` are added to the usual ones.

    The HTML may show the picture, a JPEG, as `cid:` with PICTURE behind it.
    """

    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    picture: bytes = b""
    attachment: Attachment | None = None


class AddressRefused(CrowdfundError):
    """The server will never take mail for this address; a repeat is useless."""

    status = 422
    code = "address_refused"


class _Policy(EmailPolicy):
    """Write headers so that every mail program reads what was meant.

    The library encodes a word of more than 78 characters (RFC 2047), which nobody decodes in a
    List-Unsubscribe, and it loses blanks where a long subject in Amharic or Hindi is folded.
    """

    def fold(self, name: str, value: str) -> str:
        """Return a header in lines; one of ASCII is folded at white space and not encoded."""
        text = str(value).strip()
        if text.isascii():
            return self._at_blanks(name, text)
        if addresses := getattr(value, "addresses", ()):
            named = [f"{_encoded(one.display_name, name)} <{one.addr_spec}>" for one in addresses]
            return f"{name}: {', '.join(named)}{self.linesep}"
        return f"{name}: {_encoded(text, name)}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a header in lines, as bytes."""
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")

    def _at_blanks(self, name: str, text: str) -> str:
        lines, is_first = [f"{name}:"], True
        for word in re.findall(r"\s*\S+", f" {text}"):
            if len(lines[-1]) + len(word) > LINE and not is_first:
                lines.append("")
            lines[-1] += word
            is_first = False
        return self.linesep.join([*lines, ""])


def _encoded(text: str, name: str) -> str:
    """Return a text as encoded words of RFC 2047, each on a line of its own."""
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def send(to_address: str, content: Content, *, message_id: str, written_at: datetime) -> None:
    """Send one e-mail; raises AddressRefused for good, Unavailable when it is worth another try.

    Message-ID and Date follow from our own id and from when it was written, so that a repeat is,
    byte for byte, the same message.
    """
    settings = config.settings()
    message = _message(settings.mail_default_sender, to_address, content)
    _identify(message, message_id, written_at)
    if not settings.mail_server:
        OUTBOX.append(message)
        return
    try:
        with connected(settings, timeout_s=TIMEOUT_S) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if all(500 <= code < 600 for code in codes):
            raise AddressRefused(f"The mail server refused the address with {codes[0]}.") from error
        raise Unavailable(f"The mail server answered {codes[0]}.") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The mail server does not answer: {error}") from error


def security(settings: config.Settings) -> Security:
    """Return whether TLS begins with the connection, after STARTTLS, or not at all."""
    if settings.mail_use_ssl or settings.mail_port == TLS_PORT:
        return "tls"
    return "starttls" if settings.mail_use_tls else "none"


@contextmanager
def connected(settings: config.Settings, *, timeout_s: float) -> Iterator[smtplib.SMTP]:
    """Connect to the mail server and sign in; its certificate must be valid for MAIL_SERVER.

    Raises OSError (ssl.SSLError is one) and smtplib.SMTPException.
    """
    host, port, kind = settings.mail_server, settings.mail_port, security(settings)
    context = None if kind == "none" else ssl.create_default_context()
    if kind == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=timeout_s, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=timeout_s)
    with server:
        if kind == "starttls":
            server.starttls(context=context)
        if settings.mail_username:
            server.login(settings.mail_username, settings.mail_password)
        yield server


def _message(sender: str, to_address: str, content: Content) -> EmailMessage:
    message = EmailMessage(policy=_Policy(cte_type="7bit"))
    message["From"] = sender
    message["To"] = to_address
    message["Subject"] = content.subject
    for name, value in content.headers.items():
        message[name] = value
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    if content.picture:
        *_, html = message.iter_parts()
        cid, name = f"<{PICTURE}>", "picture.jpg"
        html.add_related(
            content.picture, "image", "jpeg", cid=cid, filename=name, disposition="inline"
        )
    if content.attachment:
        name = content.attachment.name
        message.add_attachment(content.attachment.content, "application", "pdf", filename=name)
    return message


def _identify(message: EmailMessage, message_id: str, written_at: datetime) -> None:
    domain = parseaddr(str(message["From"]))[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message["Date"] = format_datetime(written_at)
    for number, part in enumerate(one for one in message.walk() if one.is_multipart()):
        part.set_boundary(f"={message_id}{number}=")
