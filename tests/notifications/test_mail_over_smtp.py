"""E-mail over real SMTP: the bytes that arrive, and whom we hand them to."""

import io
import re
import smtplib
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import parseaddr
from html import escape

import pikepdf
import pytest
import sqlalchemy as sa
from PIL import Image

from crowdfund.adapters import mail, mail_pictures, storage
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Unavailable
from crowdfund.local import doctor_mail
from crowdfund.notifications import links
from crowdfund.notifications import service as notifications_service
from crowdfund.people.models import User
from tests.raising import person
from tests.receipts import text_of

from . import mail_server
from .mail_server import HOST, PASSWORD, USER

AT = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
LONG_URL = "https://invest.crowdfund.com/unsubscribe/" + "A" * 160 + ".b-c_d"
SENDER = "የኢትዮጵያ ኩባንያዎች መዋዕለ ንዋይ ማሰባሰቢያ መድረክ <no-reply@crowdfund.et>"
CONTENT = mail.Content(
    "ኮድ 123456 तैयार है",
    "ሰላም\n" + "a long line " * 20,
    "<p>ሰላም</p>",
    {"List-Unsubscribe": f"<{LONG_URL}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
)


@pytest.fixture
def use(app):
    """Use a mail server; `sender` and the like are settings without their `mail_`."""

    def chosen(catcher: mail_server.Catcher, **more) -> config.Settings:
        values = {"mail_server": HOST, "mail_port": catcher.port}
        values |= {f"mail_{name}": value for name, value in more.items()}
        config.use(config.settings().model_copy(update=values))
        return config.settings()

    return chosen


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """An authority that this process trusts."""
    made = mail_server.authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def send(to="alice@example.com", content=CONTENT, number="m1"):
    mail.send(to, content, message_id=number * 16, written_at=AT)


def wrong_with(settings) -> str:
    (found,) = doctor_mail.check_mail(settings)
    return found.wrong


def test_the_unsubscribe_address_arrives_as_mail_programs_read_it(use):
    with mail_server.running() as catcher:
        use(catcher)
        send()
    head = catcher.raw[0].partition(b"\r\n\r\n")[0]
    unfolded = head.replace(b"\r\n ", b" ").split(b"\r\n")
    assert f"List-Unsubscribe: <{LONG_URL}>".encode() in unfolded
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in unfolded


def test_the_link_of_a_notice_arrives_whole_and_unsubscribes(use, client):
    alice = person("alice")
    with mail_server.running() as catcher:
        use(catcher, default_sender="crowdfund <no-reply@crowdfund.com>")
        notifications_service.notify(alice, "verification.approved", {}, key="k")
        commit()
        outbox.drain_all()
    found = message_from_bytes(catcher.raw[0], policy=policy.default)
    url = links.unsubscribe_url(alice, "verification.approved")
    assert found["List-Unsubscribe"] == f"<{url}>"
    assert found["Message-ID"].endswith("@crowdfund.com>")
    rollback()
    path = url.removeprefix(config.settings().public_url)
    one_click = dict([found["List-Unsubscribe-Post"].split("=")])
    assert "unsubscribed" in client.post(path, data=one_click).text


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("List-Unsubscribe", f"<{LONG_URL}>"),
        ("List-Unsubscribe", f"<mailto:{'u' * 90}@crowdfund.com>, <{LONG_URL}>"),
        ("X-Words", "word " * 60 + "end"),
        ("X-One", "w" * 400),
        ("X-Two-Blanks", "a" * 70 + "  " + "b" * 70),
        ("X-Amharic", "አበበ " * 40),
        ("X-Hindi", "आपका निवेश यिर्गा कॉफ़ी, क्षेत्र " * 10),
        ("X-Mixed", "अ" + "x" * 300),
    ],
)
def test_a_header_is_read_as_it_was_written_and_no_line_is_too_long(use, header, value):
    with mail_server.running() as catcher:
        use(catcher)
        send(content=mail.Content("s", "t", "<p>h</p>", {header: value}))
    head = catcher.raw[0].partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert message_from_bytes(catcher.raw[0], policy=policy.default)[header] == value.strip()
    if value.isascii():
        assert b"=?" not in head
        # An old reader, which decodes nothing, reads the same.
        assert BytesParser().parsebytes(catcher.raw[0])[header].replace("\r\n", "") == value.strip()


@pytest.mark.parametrize("sender", ["no-reply@" + "sub." * 20 + "example.com", SENDER])
def test_long_and_foreign_senders_and_addresses_arrive_whole(use, sender):
    to = f"{'a' * 60}@{'b' * 60}.example.com"
    with mail_server.running() as catcher:
        use(catcher, default_sender=sender)
        send(to)
    found = message_from_bytes(catcher.raw[0], policy=policy.default)
    assert found["To"] == to
    # The new parser of Python 3.11 keeps the blank between two encoded words in a name.
    plain = BytesParser().parsebytes(catcher.raw[0])["From"]
    assert str(make_header(decode_header(plain))) == sender
    (mailbox,) = found["From"].addresses
    assert mailbox.addr_spec == parseaddr(sender)[1]
    domain = sender.rpartition("@")[2].rstrip(">")
    assert found["Message-ID"] == f"<{'m1' * 16}@{domain}>"


def test_subject_and_texts_arrive_in_every_script_over_seven_bits(use):
    with mail_server.running() as catcher:
        use(catcher)
        send()
    assert catcher.raw[0].isascii()
    found = message_from_bytes(catcher.raw[0], policy=policy.default)
    assert found["Subject"] == CONTENT.subject
    text = found.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.startswith(CONTENT.text)
    assert found.get_body(("html",)).get_content().strip() == CONTENT.html


def test_a_repeat_is_the_same_message_byte_for_byte(use):
    with mail_server.running() as catcher:
        use(catcher)
        for _ in range(2):
            send()
        send(number="m2")
    first, second, other = catcher.raw
    assert first == second != other
    assert b"\r\nDate: Mon, 15 Jun 2026 09:30:00 +0000\r\n" in first


def test_a_message_that_is_tried_again_hours_later_has_the_date_of_the_first_try(
    use, frozen, monkeypatch
):
    from datetime import timedelta

    alice, deliver = person("alice"), mail.send
    sent = []

    def lost_answer(*arguments, **more):
        deliver(*arguments, **more)
        sent.append(more["written_at"])
        if len(sent) == 1:
            raise Unavailable("The answer was lost.")

    monkeypatch.setattr(mail, "send", lost_answer)
    with mail_server.running() as catcher:
        use(catcher)
        notifications_service.notify(alice, "verification.approved", {}, key="k")
        commit()
        outbox.drain_all()
        frozen.advance(timedelta(hours=2))
        outbox.drain_all()
    assert len(catcher.raw) == 2
    assert catcher.raw[0] == catcher.raw[1]


def poster() -> str:
    out = io.BytesIO()
    Image.new("RGB", (1600, 900), "teal").save(out, "WEBP")
    return storage.put_public(out.getvalue())


RECEIPT = {
    "campaign": "የይርጋ ቡና",
    "company": "Yirga & Sons",
    "amount_minor": 5_000_00,
    "currency": "ETB",
    "shares": 50,
    "settled_at": "2026-06-15T08:30:00+00:00",
    "payer": "Alice Bekele",
    "receipt": "0123456789abcdef0123456789abcdef",
    "picture_alt": "A bag of coffee",
}


def receipt(use, picture, language="en"):
    """Return the receipt as it came over the wire."""
    alice = person("alice")
    db.session.execute(sa.update(User).where(User.id == alice).values(language=language))
    with mail_server.running() as catcher:
        use(catcher)
        facts = RECEIPT | {"picture": picture}
        notifications_service.notify(alice, "investment.settled", facts, key="k", path="/x")
        commit()
        outbox.drain_all()
    (raw,) = catcher.raw
    return message_from_bytes(raw, policy=policy.default)


def test_a_receipt_has_its_figures_as_text_and_as_html_with_the_campaigns_picture(use):
    found = receipt(use, poster())
    rows = {
        "Campaign": "የይርጋ ቡና",
        "Company": "Yirga & Sons",
        "Amount": "5,000.00 ETB",
        "Shares": "50",
        "Received": "15 Jun 2026, 11:30 EAT",
        "Paid by": "Alice Bekele",
        "Receipt number": RECEIPT["receipt"],
    }
    text = found.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "\n".join(f"{label}: {value}" for label, value in rows.items()) in text
    html = found.get_body(("related", "html"))
    page = html.get_body(("html",)).get_content()
    for label, value in rows.items():
        assert re.search(rf"<th[^>]*>{label}</th><td[^>]*>{escape(value)}</td>", page)
    (picture,) = [part for part in found.walk() if part.get_content_maintype() == "image"]
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
    assert 'alt="A bag of coffee"' in page
    assert picture.get_content_type() == "image/jpeg"
    assert picture.get_content_disposition() == "inline"
    with Image.open(io.BytesIO(picture.get_content())) as shown:
        assert (shown.format, shown.size) == ("JPEG", (496, 279))
    kinds = [part.get_content_type() for part in found.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
        "application/pdf",
    ]


@pytest.mark.parametrize(
    ("language", "sentence", "label"),
    [
        ("en", "crowdfund demo has received 5,000.00 ETB from Alice Bekele.", "Receipt number"),
        ("am", "crowdfund demo ከAlice Bekele 5,000.00 ETB ተቀብሏል።", "የደረሰኝ ቁጥር"),
        ("hi", "crowdfund demo को Alice Bekele से 5,000.00 ETB प्राप्त हुए।", "रसीद संख्या"),
    ],
)
def test_a_receipt_is_attached_as_a_pdf_file_that_screen_readers_can_read(
    use, language, sentence, label
):
    found = receipt(use, poster(), language=language)
    (file,) = found.iter_attachments()
    assert file.get_content_type() == "application/pdf"
    assert file.get_filename() == f"crowdfund-receipt-{RECEIPT['receipt']}.pdf"
    content = file.get_content()
    with pikepdf.open(io.BytesIO(content)) as document:
        root, pages = document.Root, document.pages
        assert (str(root.Lang), bool(root.MarkInfo.Marked), len(pages)) == (language, True, 1)
        (link,) = (str(one.A.URI) for one in pages[0].Annots)
    assert link == f"{config.settings().public_url}/x"
    text = text_of(content)
    for words in (sentence, f"{label} {RECEIPT['receipt']}", "የይርጋ ቡና", "Yirga & Sons"):
        assert words in text


@pytest.mark.parametrize("picture", ["", "a" * 64 + ".webp", "b" * 64 + ".svg", "../key.webp"])
def test_a_receipt_without_a_picture_that_can_be_shown_has_none(use, picture):
    found = receipt(use, picture)
    assert "cid:" not in found.get_body(("html",)).get_content()
    assert not [part for part in found.walk() if part.get_content_maintype() == "image"]


def test_a_receipt_goes_out_without_a_picture_that_is_damaged(use):
    picture = poster()
    path, _content_type = storage.open_public(picture)
    path.write_bytes(path.read_bytes()[:40])
    mail_pictures._encoded.cache_clear()
    found = receipt(use, picture)
    assert "cid:" not in found.get_body(("html",)).get_content()


def test_a_receipt_with_a_picture_is_the_same_again(use):
    picture = mail_pictures.jpeg(poster())
    with mail_server.running() as catcher:
        use(catcher)
        for _ in range(2):
            send(content=replace(CONTENT, picture=picture))
    assert catcher.raw[0] == catcher.raw[1]
    assert len({part.get_boundary() for part in message_from_bytes(catcher.raw[0]).walk()}) == 3


# --- whom we hand mail to -------------------------------------------------------------------------


def test_tls_from_the_first_byte_by_setting(use, trusted):
    with mail_server.running(ssl_context=trusted.context()) as catcher:
        settings = use(catcher, use_ssl=True)
        assert wrong_with(settings) == ""
        send()
    assert len(catcher.raw) == 1


def test_port_465_means_tls_from_the_first_byte(app):
    at_465 = config.settings().model_copy(update={"mail_port": 465, "mail_use_tls": True})
    assert mail.security(at_465) == "tls"
    assert mail.security(config.settings()) == "none"


@pytest.mark.parametrize("secure", [{"use_tls": True}, {"use_ssl": True}])
@pytest.mark.parametrize(
    ("name", "days", "why"),
    [
        (HOST, 1, ""),
        ("mail.elsewhere.example", 1, "not accepted"),
        (HOST, -1, "certificate has expired"),
    ],
)
def test_the_certificate_and_the_name_in_it_are_checked(use, trusted, secure, name, days, why):
    context = trusted.context(name, days=days)
    kind = "tls_context" if "use_tls" in secure else "ssl_context"
    with mail_server.running(**{kind: context}) as catcher:
        settings = use(catcher, **secure)
        assert why in wrong_with(settings)
        if not why:
            send()
        else:
            with pytest.raises(Unavailable):
                send()
    assert catcher.was_encrypted == ([True] if not why else [])


def test_an_authority_that_nobody_knows_is_not_believed(use, tmp_path):
    context = mail_server.authority(tmp_path).context()
    with mail_server.running(tls_context=context) as catcher:
        settings = use(catcher, use_tls=True, username=USER, password=PASSWORD)
        assert "certificate is not accepted" in wrong_with(settings)
        with pytest.raises(Unavailable):
            send()
    assert catcher.raw == []


def test_mail_is_not_sent_in_clear_when_the_server_offers_no_starttls(use):
    with mail_server.running() as catcher:
        settings = use(catcher, use_tls=True)
        assert "STARTTLS extension not supported" in wrong_with(settings)
        with pytest.raises(Unavailable):
            send()
    assert catcher.raw == []


def test_a_wrong_password_is_found_and_not_shown(use, trusted):
    choices = {"authenticator": mail_server.authenticator, "tls_context": trusted.context()}
    with mail_server.running(**choices) as catcher:
        wrong = use(catcher, use_tls=True, username=USER, password="not-" + PASSWORD)
        assert "refuses MAIL_USERNAME and MAIL_PASSWORD (535)" in wrong_with(wrong)
        with pytest.raises(Unavailable) as refusal:
            send()
        assert PASSWORD not in str(refusal.value)
        right = use(catcher, use_tls=True, username=USER, password=PASSWORD)
        assert wrong_with(right) == ""
        send()
    assert catcher.was_encrypted == [True]


def test_tls_on_the_wrong_port_is_found(use, trusted):
    with mail_server.running() as catcher:
        assert "does not speak TLS as we expect" in wrong_with(use(catcher, use_ssl=True))
    gone = use(catcher)
    assert "does not answer" in wrong_with(gone)


def test_a_server_that_waits_for_tls_is_found(use, trusted, monkeypatch):
    monkeypatch.setattr(doctor_mail, "TIMEOUT_S", 0.5)
    with mail_server.running(ssl_context=trusted.context()) as catcher:
        assert "It may expect TLS from the first byte" in wrong_with(use(catcher))


def test_mail_in_clear_over_the_internet_is_found(app, monkeypatch):
    monkeypatch.setattr(doctor_mail, "_connection_problem", lambda _settings: "")
    change = {"mail_server": "smtp.provider.com"}
    clear = config.settings().model_copy(update=change)
    assert "unencrypted" in wrong_with(clear)
    assert wrong_with(clear.model_copy(update={"mail_use_tls": True})) == ""
    assert wrong_with(clear.model_copy(update={"mail_server": "relay"})) == ""


@pytest.mark.parametrize(
    ("sender", "word"),
    [
        ("crowdfund", "no e-mail address"),
        ("crowdfund <no-reply>", "no e-mail address"),
        ("crowdfund, Addis <no-reply@crowdfund.com>", "more than one address"),
        ('"crowdfund, Addis" <no-reply@crowdfund.com>', ""),
        ("crowdfund <no-reply@crowdfund.example>", "is the example"),
        ("crowdfund <no-reply@crowdfund.com>", ""),
    ],
)
def test_a_sender_that_is_none_is_found(app, monkeypatch, sender, word):
    monkeypatch.setattr(doctor_mail, "_connection_problem", lambda _settings: "")
    change = {"mail_server": "relay", "mail_default_sender": sender, "environment": "production"}
    found = wrong_with(config.settings().model_copy(update=change))
    assert (word in found) if word else found == ""


def test_a_server_that_hangs_up_is_worth_another_try(use, monkeypatch):
    def hang_up(*_arguments, **_more):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr(smtplib.SMTP, "send_message", hang_up)
    with mail_server.running() as catcher:
        use(catcher)
        with pytest.raises(Unavailable, match="does not answer"):
            send()
