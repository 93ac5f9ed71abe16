"""Checks of outgoing mail: the server, its certificate, our password, and the sender."""

import smtplib
import ssl
from collections.abc import Iterator
from email.utils import getaddresses

from crowdfund.adapters import mail
from crowdfund.kernel import web_addresses
from crowdfund.kernel.config import Settings
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import contacts
from crowdfund.local.findings import TIMEOUT_S, Finding, first_line

_SECURITY = {"tls": "TLS", "starttls": "STARTTLS", "none": "no TLS"}
_PORTS = "Most servers use port 465 with MAIL_USE_SSL, or 587 with MAIL_USE_TLS."


def check_mail(settings: Settings) -> Iterator[Finding]:
    """Sign in at the mail server as a message would, and check the sender's address."""
    if not settings.mail_server:
        yield Finding("mail", "none", "Set MAIL_SERVER: without it nobody gets a code.")
        return
    kind = _SECURITY[mail.security(settings)]
    uses = f"{settings.mail_server}:{settings.mail_port} ({kind})"
    problems = [_connection_problem(settings), _privacy_problem(settings), *_sender(settings)]
    yield Finding("mail", uses, " ".join(filter(None, problems)))


def _connection_problem(settings: Settings) -> str:
    try:
        with mail.connected(settings, timeout_s=TIMEOUT_S) as server:
            server.noop()
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        return f"Its certificate is not accepted: {why}. MAIL_SERVER must be the name in it."
    except ssl.SSLError:
        return f"It does not speak TLS as we expect on this port. {_PORTS}"
    except smtplib.SMTPAuthenticationError as error:
        return f"It refuses MAIL_USERNAME and MAIL_PASSWORD ({error.smtp_code})."
    except smtplib.SMTPNotSupportedError as error:
        return f"It cannot do what is set: {first_line(error)} {_PORTS}"
    except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
        why = first_line(error)
        return f"It answers nothing: {why}. It may expect TLS from the first byte. {_PORTS}"
    except (OSError, smtplib.SMTPException) as error:
        return f"It does not answer: {first_line(error)}. Check MAIL_SERVER and MAIL_PORT."
    return ""


def _privacy_problem(settings: Settings) -> str:
    """Say when sign-in codes, or our password, cross the internet in clear."""
    is_clear = mail.security(settings) == "none"
    if is_clear and web_addresses.is_public(settings.mail_server):
        return f"Mail and password cross the internet unencrypted. {_PORTS}"
    return ""


def _sender(settings: Settings) -> Iterator[str]:
    addresses = getaddresses([settings.mail_default_sender])
    if len(addresses) > 1:
        yield "MAIL_DEFAULT_SENDER is more than one address: put quotes around a name with a comma."
        return
    address = addresses[0][1]
    try:
        contacts.email(address)
    except Invalid:
        yield "MAIL_DEFAULT_SENDER has no e-mail address."
        return
    if settings.environment == "production" and address.endswith(".example"):
        yield "MAIL_DEFAULT_SENDER is the example: set an address of yours."
