import smtplib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import httpx
import pyotp
import pytest

from crowdfund.kernel import config
from crowdfund.local import authenticator, stack
from crowdfund.local.mail_catcher import store as store_module
from crowdfund.local.mail_catcher.pages import create_app
from crowdfund.local.mail_catcher.store import Store
from crowdfund.local.story import cast


def message(to: str, *, subject: str = "Your code", html: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "platform@crowdfund.example", to, subject
    mail.set_content("Code 123456. ልክ ነው")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "mail.db")


@pytest.fixture
def pages(store: Store):
    return create_app(store).test_client()


def keep(store: Store, to: str, **more: str) -> int:
    return store.add("platform@crowdfund.example", [to], message(to, **more).as_bytes())


@pytest.fixture
def post_office(tmp_path: Path, environ: dict[str, str]) -> Iterator[stack.Stack]:
    with stack.running(
        tmp_path, ports="free", environ=environ, prepare=False, only=("mail",)
    ) as running:
        yield running


def test_a_message_sent_by_smtp_is_found_by_its_recipient(post_office: stack.Stack) -> None:
    with smtplib.SMTP("127.0.0.1", post_office.ports["smtp"]) as smtp:
        smtp.send_message(message("Alice@Example.com"))
        smtp.send_message(message("bob@example.com"))
    found = httpx.get(
        post_office.url("mail") + "/api/messages", params={"to": "alice@example.com"}
    ).json()
    assert [mail["to"] for mail in found] == [["alice@example.com"]]
    assert "123456. ልክ ነው" in found[0]["text"]


def test_messages_survive_a_killed_catcher(post_office: stack.Stack) -> None:
    with smtplib.SMTP("127.0.0.1", post_office.ports["smtp"]) as smtp:
        smtp.send_message(message("alice@example.com"))
    post_office.kill("mail")
    post_office.supervisor.wait_ready("mail")
    assert len(httpx.get(post_office.url("mail") + "/api/messages").json()) == 1


def test_the_newest_comes_first_and_old_ones_are_dropped(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST", 3)
    for number in range(5):
        keep(store, f"user{number}@example.com")
    assert [mail.to for mail in store.find()] == [[f"user{n}@example.com"] for n in (4, 3, 2)]


def test_the_list_says_what_to_do_when_it_is_empty(pages) -> None:
    assert "No messages yet" in pages.get("/messages").text
    assert "Show all messages" in pages.get("/messages?to=nobody").text


def test_a_subject_cannot_bring_markup_into_the_list(store: Store, pages) -> None:
    keep(store, "alice@example.com", subject="<script>alert(1)</script>")
    assert "<script>" not in pages.get("/messages").text


def test_the_html_of_a_message_is_shown_without_its_scripts(store: Store, pages) -> None:
    number = keep(store, "alice@example.com", html="<p>Hi</p><script>alert(1)</script>")
    assert 'sandbox="allow-popups"' in pages.get(f"/messages/{number}").text
    policy = pages.get(f"/messages/{number}/html").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy


def test_a_picture_inside_a_message_is_shown(store: Store, pages) -> None:
    found = EmailMessage()
    found.set_content("text")
    found.add_alternative('<p><img src="cid:a@b"></p>', subtype="html")
    found.get_payload()[1].add_related(b"JPEG", "image", "jpeg", cid="<a@b>")
    number = store.add("x@y", ["alice@example.com"], found.as_bytes())
    assert (
        '<img src="data:image/jpeg;base64,SlBFRw==">' in pages.get(f"/messages/{number}/html").text
    )


def test_attached_files_can_be_downloaded(store: Store, pages) -> None:
    found = message("alice@example.com", html="<p>Hi</p>")
    found.add_attachment(b"%PDF-1.7", "application", "pdf", filename="receipt.pdf")
    number = store.add("x@y", ["alice@example.com"], found.as_bytes())
    file = f"/messages/{number}/attachments/0"
    assert f'<a href="{file}">receipt.pdf</a>' in pages.get(f"/messages/{number}").text
    answer = pages.get(file)
    assert (answer.data, answer.mimetype) == (b"%PDF-1.7", "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename=receipt.pdf"
    assert pages.get(f"/messages/{number}/attachments/1").status_code == 404


def test_a_message_that_is_not_there_is_a_404(pages) -> None:
    for path in ("/messages/9", "/messages/9/html", "/messages/9/raw"):
        assert pages.get(path).status_code == 404


def test_another_site_cannot_clear_the_mail(store: Store, pages) -> None:
    keep(store, "alice@example.com")
    assert pages.post("/clear", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert pages.post("/clear").status_code == 303
    assert store.find() == []


def test_a_message_in_an_unknown_character_set_is_still_kept(store: Store) -> None:
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=no-such\r\n\r\nh\xe9llo\r\n"
    store.add("a@b", ["c@d"], raw)
    assert "llo" in store.find()[0].text


SMS = {"to": "+251911234567", "from": "crowdfund", "text": "Your crowdfund code is 123456."}
SENT = {"Authorization": "Bearer any", "Idempotency-Key": "m1"}


def test_an_sms_is_shown_beside_the_mail_once_for_each_key(store: Store, pages) -> None:
    keep(store, "alice@example.com")
    numbers = [pages.post("/api/sms", json=SMS, headers=SENT).json["id"] for _ in range(3)]
    assert len(set(numbers)) == 1
    (found,) = pages.get("/api/messages", query_string={"to": SMS["to"]}).json
    assert (found["kind"], found["text"], found["to"]) == ("sms", SMS["text"], [SMS["to"]])
    assert "SMS: Your crowdfund code is 123456." in pages.get("/messages").text
    assert SMS["text"] in pages.get(f"/messages/{numbers[0]}").text


@pytest.mark.parametrize(
    ("changes", "headers", "status"),
    [
        ({}, {"Authorization": ""}, 401),
        ({}, {"Idempotency-Key": ""}, 400),
        ({"to": "0911234567"}, {}, 422),
        ({"to": "+251<b>911"}, {}, 422),
        ({"text": ""}, {}, 422),
        ({"text": "x" * 2000}, {}, 422),
        ({"to": None}, {}, 422),
    ],
)
def test_the_catcher_refuses_what_a_gateway_would_refuse(
    store: Store, pages, changes, headers, status
) -> None:
    assert pages.post("/api/sms", json=SMS | changes, headers=SENT | headers).status_code == status
    assert pages.post("/api/sms", data="not json", headers=SENT).status_code == 400
    assert store.find() == []


def test_messages_of_an_earlier_version_are_still_there(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,"
            " sender TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL,"
            " text TEXT NOT NULL, html TEXT NOT NULL, raw BLOB NOT NULL)"
        )
        db.execute(
            "INSERT INTO message VALUES (1, '2026-01-01', 'a', ' b@x.org ', 'Hi', 'there', '', '')"
        )
    old = Store(path)
    old.add_sms("crowdfund", "+251911234567", "code", key="k")
    assert [one.kind for one in old.find()] == ["sms", "mail"]


def test_the_authenticator_shows_the_codes_that_the_demo_staffs_secrets_give(pages, frozen) -> None:
    frozen.set(datetime.fromtimestamp(1_800_000_000, UTC))
    text = pages.get("/codes").text
    for role, name, _roles in cast.STAFF:
        app = pyotp.TOTP(authenticator.secret(config.settings().secret_key, cast.email(name)))
        now, later = (app.at(1_800_000_000 + shift) for shift in (0, 30))
        row = next(row for row in text.split("</tr>") if cast.email(name) in row)
        assert all(
            part in row for part in (role, f"{now[:3]} {now[3:]}", f"{later[:3]} {later[3:]}")
        )
    secrets = {authenticator.secret(key, "almaz@demo.example") for key in ("one", "two")}
    assert len(secrets) == 2, "two installations share a secret"
