"""Kept pages: each reader gets an own name, token and nonce, and nobody's news."""

import re

import pytest

from crowdfund.campaigns.views import kept
from crowdfund.db import commit
from crowdfund.notifications import service as notifications
from tests import raising


@pytest.fixture
def live(cast):
    return raising.campaign(raising.live_campaign(cast.company, cast.alice, cast.carla))


@pytest.fixture
def guarded(app):
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


def words(answer):
    """Return what of a page belongs to its reader."""
    token = re.search(r'"X-CSRFToken": "([^"]+)"', answer.text)
    return {
        "nonces": set(re.findall(r'nonce="([^"]+)"', answer.text)),
        "policy": re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])[1],
        "token": token and token[1],
    }


@pytest.mark.parametrize("path", ["/", "/campaigns", "/campaigns/a-second-roaster-for-yirga"])
def test_every_reader_gets_a_page_of_their_own(app, cast, live, path):
    readers = {name: raising.browser(app, getattr(cast, name)) for name in ("alice", "bob")}
    visitor, seen = raising.browser(app), []
    for _ in range(2):
        for name, client in readers.items():
            page = client.get(path)
            assert f"{name}@example.com" in page.text
            assert name.capitalize() in page.text
            other = {"alice": "bob", "bob": "alice"}[name]
            assert f"{other}@example.com" not in page.text
            assert kept._SECRET not in page.text
            assert kept._FIRST not in page.text
            seen.append(words(page))
        page = visitor.get(path)
        assert "@example.com" not in page.text
        assert "Sign in" in page.text
        assert kept._FIRST not in page.text
        seen.append(words(page))
    for one in seen:
        assert one["nonces"] == {one["policy"]}
    assert len({one["policy"] for one in seen}) == len(seen)


def test_the_token_of_a_kept_page_is_good_for_its_reader_only(app, cast, live, guarded):
    alice, bob = raising.browser(app, cast.alice), raising.browser(app, cast.bob)
    tokens = {}
    for name, client in (("alice", alice), ("bob", bob)):
        for _ in range(2):
            tokens[name] = words(client.get("/campaigns"))["token"]
    assert alice.post("/companies", headers={"X-CSRFToken": tokens["alice"]}).status_code == 303
    assert alice.post("/companies", headers={"X-CSRFToken": tokens["bob"]}).status_code == 400


def test_staff_and_people_do_not_share_a_frame(app, cast, live):
    for _ in range(2):
        assert "Approvals" in raising.browser(app, cast.carla).get("/campaigns").text
        assert "Approvals" not in raising.browser(app, cast.bob).get("/campaigns").text


def test_news_for_one_reader_is_shown_once_and_to_nobody_else(app, cast, live):
    bob, alice = raising.browser(app, cast.bob), raising.browser(app, cast.alice)
    with bob.session_transaction() as session:
        session["_flashes"] = [("success", "Only for Bob.")]
    assert "Only for Bob." in bob.get("/campaigns").text
    assert "Only for Bob." not in bob.get("/campaigns").text
    assert "Only for Bob." not in alice.get("/campaigns").text


def test_each_reader_of_a_kept_page_has_a_bell_of_their_own(app, cast, live):
    alice, bob = raising.browser(app, cast.alice), raising.browser(app, cast.bob)
    notifications.mark_read(cast.alice)
    notifications.notify(cast.bob, "verification.approved", {}, key="k")
    commit()
    for _ in range(2):  # the second time from what is kept
        told, silent = bob.get("/campaigns").text, alice.get("/campaigns").text
        assert "1 unread notice" in told
        assert f"bell:{cast.bob}" in told
        assert "none unread" in silent
        assert f"bell:{cast.alice}" in silent
    assert "cf-bell" not in app.test_client().get("/campaigns").text


def test_a_name_with_markup_stays_text(app, cast, live, monkeypatch):
    bob = raising.browser(app, cast.bob)
    real = kept.web.current_user

    class Odd:
        id, name, email = "odd", "<b>Bob</b>", 'bob"@example.com'
        roles = ()

    def odd():
        return Odd() if real() else None

    monkeypatch.setattr(kept.web, "current_user", odd)
    page = bob.get("/campaigns").text
    assert "<b>Bob" not in page
    assert "&lt;b&gt;Bob&lt;/b&gt;" in page
