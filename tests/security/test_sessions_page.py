"""The devices of a person: listed, signed out, reported when new."""

import re
from datetime import timedelta

import pytest

from crowdfund.adapters import mail
from crowdfund.kernel import networks, outbox, sessions
from crowdfund.kernel.db import commit, rollback
from crowdfund.security import queries
from crowdfund.security.rules import device_name
from crowdfund.security.service import devices
from tests import raising

from .factors import by_mail

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36"
)


@pytest.fixture
def alice(app, frozen):
    return raising.person("alice")


def device(app, agent=FIREFOX, address="196.188.12.34"):
    client = app.test_client()
    client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
    return client


def rows(person_id):
    rollback()
    return sessions.of_person(person_id)


def test_each_device_is_named_in_plain_words_with_a_network_not_an_address(app, alice):
    here, there = device(app), device(app, CHROME, "2a02:2e0:3fe:1001:7777:772e:2:85")
    by_mail(here, "alice@example.com")
    by_mail(there, "alice@example.com")
    page = re.sub(r"\s+", " ", here.get("/account/sessions").text)
    for words in (
        "Firefox, Windows",
        "Chrome, Android",
        "196.188.12.0/24",
        "2a02:2e0:3fe::/48",
        "by code",
    ):
        assert words in page
    assert "196.188.12.34" not in page + str(rows(alice))
    assert page.count("This device</span>") == 1
    assert (
        page.index("This device</span>") < page.index("Chrome, Android")
        or "Firefox, Windows</strong> <span" in page
    )


def test_a_device_that_is_signed_out_is_nobody_at_its_next_request(app, alice):
    here, there = device(app), device(app, CHROME)
    by_mail(here, "alice@example.com")
    by_mail(there, "alice@example.com")
    (other,) = [row.id for row in rows(alice) if "Android" in row.user_agent]
    assert there.get("/account").status_code == 200
    assert here.post("/account/sessions/end", data={"session": other}).status_code == 303
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200
    assert here.post("/account/sessions/end", data={"session": other}).status_code == 404


def test_all_others_are_signed_out_and_this_one_stays(app, alice):
    browsers = [device(app) for _ in range(3)]
    for one in browsers:
        raising.sign_in(one, alice)
    assert browsers[0].post("/account/sessions/end-others").status_code == 303
    assert [one.get("/account").status_code for one in browsers] == [200, 303, 303]
    assert "No other device is signed in." in browsers[0].get("/account/sessions").text


@pytest.mark.parametrize("typed", ["", "x", "0" * 64, "' OR 1=1 --", "0" * 5000])
def test_nobody_signs_out_the_device_of_somebody_else(app, alice, typed):
    victim = raising.sign_in(device(app), alice)
    mallory = raising.sign_in(device(app), raising.person("mallory"))
    wanted = typed or rows(alice)[0].id
    assert mallory.post("/account/sessions/end", data={"session": wanted}).status_code == 404
    assert mallory.post("/account/sessions/end-others").status_code == 303
    assert victim.get("/account").status_code == 200


def test_a_new_device_is_told_of_once_and_the_first_not_at_all(app, alice, frozen):
    first = device(app)
    by_mail(first, "alice@example.com")
    outbox.drain_all()
    news = "New sign-in to your account"
    assert news not in [letter["Subject"] for letter in mail.OUTBOX]
    second = device(app, CHROME)
    for _ in range(2):
        second.post("/sign-out")
        frozen.advance(timedelta(minutes=2))
        by_mail(second, "alice@example.com")
        first.post("/sign-out")
        by_mail(first, "alice@example.com")
    outbox.drain_all()
    told = [
        letter.get_body(("plain",)).get_content()
        for letter in mail.OUTBOX
        if letter["Subject"] == news
    ]
    assert len(told) == 1
    assert "Chrome, Android" in told[0]
    assert not re.search(r"\b\d{6}\b", told[0]), "a notice that looks like a code"
    rollback()
    assert [event.detail for event in queries.security_events(alice)] == ["Chrome, Android"]


def test_the_device_cookie_opens_nothing_and_is_no_session(app, alice):
    browser = device(app)
    answer = by_mail(browser, "alice@example.com")
    (said,) = [
        value
        for name, value in answer.headers
        if name == "Set-Cookie" and value.startswith("device=")
    ]
    for words in ("HttpOnly", "SameSite=Lax", "Path=/sign-in"):
        assert words in said
    thief = app.test_client()
    thief.set_cookie("device", said.split(";")[0].removeprefix("device="))
    assert thief.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        (CHROME, "Chrome, Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.4 Safari/605.1.15",
            "Safari, Mac",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1",
            "Chrome, iPhone",
        ),
        (CHROME.replace("Safari/537.36", "Safari/537.36 EdgA/142.0"), "Edge, Android"),
        ("curl/8.5", "Unknown device"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_browsers_have_names_that_people_know(agent, name):
    assert device_name(agent) == name


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.0/24"),
        ("::ffff:10.1.2.3", "10.1.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(address, network):
    assert networks.network(address) == network


def test_ending_every_session_of_a_person_leaves_others_alone(app, alice):
    hers, his = (
        raising.sign_in(device(app), alice),
        raising.sign_in(device(app), raising.person("bob")),
    )
    assert sessions.end(alice) == 1
    commit()
    assert (hers.get("/account").status_code, his.get("/account").status_code) == (303, 200)
    assert devices.end_other_sessions(alice, but="") == 0
