"""Cached pages: each reader gets an own name, token and nonce, and nobody's news."""

import re

import pytest
from jinja2 import UndefinedError

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.views import page_cache
from crowdfund.kernel import i18n
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.web import identity, pages
from crowdfund.notifications import service
from crowdfund.people import service as people_service
from tests import raising


@pytest.fixture
def live(live_id):
    return raising.campaign(live_id)


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
            assert page_cache._SECRET not in page.text
            assert "\ue003" not in page.text
            seen.append(words(page))
        page = visitor.get(path)
        assert "@example.com" not in page.text
        assert "Sign in" in page.text
        assert "\ue003" not in page.text
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
    service.mark_read(cast.alice)
    service.notify(cast.bob, "verification.approved", {}, key="k")
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
    real = identity.current_user

    class Odd:
        id, name, email = "odd", "<b>Bob</b>", 'bob"@example.com'
        initial, roles, contact = "", (), email

    def odd():
        return Odd() if real() else None

    monkeypatch.setattr(identity, "current_user", odd)
    page = bob.get("/campaigns").text
    assert "<b>Bob" not in page
    assert "&lt;b&gt;Bob&lt;/b&gt;" in page


@pytest.mark.parametrize("name", ["dawit", "7farms"])
def test_a_kept_page_shows_the_same_initial_as_every_other_page(app, cast, live, name):
    person_id = people_service.ensure_user(f"{name}@example.com")
    commit()
    reader = raising.browser(app, person_id)
    initial = re.compile(r'<span class="cf-initial"[^>]*>(.*?)</span>', re.DOTALL)
    elsewhere = initial.search(reader.get("/account").text)[1]
    assert elsewhere == "d" if name == "dawit" else "<svg" in elsewhere
    for _ in range(2):
        assert initial.search(reader.get("/campaigns").text)[1] == elsewhere


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        (
            "/campaigns",
            ("Sign out", "Notices: none unread", "Sort by", "Agriculture and food", "Live"),
        ),
        ("/campaigns/a-second-roaster-for-yirga", ("Sign out", "Investors", "Terms", "Documents")),
    ],
)
def test_readers_of_two_languages_share_no_kept_piece(app, cast, live, path, texts):
    service.mark_read(cast.bob)
    commit()
    reader = raising.browser(app, cast.bob)
    for language in (*i18n.LANGUAGES, *i18n.LANGUAGES):  # the second time from what is kept
        reader.set_cookie("language", language)
        page = reader.get(path).text
        assert f'<html lang="{language}"' in page
        for text in texts:
            for one in i18n.LANGUAGES:
                with i18n.using(one):
                    assert (i18n.gettext(text) in page) == (one == language), text


def test_readers_of_two_calendars_share_no_kept_piece(app, cast, live):
    reader = raising.browser(app, cast.bob)
    for calendar in ("gregorian", "ethiopian", "both", "gregorian", "ethiopian", "both"):
        reader.set_cookie("calendar", calendar)
        page = reader.get(f"/campaigns/{live.slug}").text
        dates = re.findall(r"<time[^>]*>([^<]*)</time>", page)
        assert dates
        for date in dates:
            assert (" EC" in date) == (calendar != "gregorian"), (calendar, date)
            assert bool(re.search(r"[A-Z][a-z]+ 20(2[6-9])", date)) == (calendar != "ethiopian")


def test_money_shows_at_once_on_the_list_and_on_the_campaign(app, cast, live):
    reader = raising.browser(app, cast.bob)
    for version in (1, 2):
        for path in ("/campaigns", f"/campaigns/{live.slug}", f"/campaigns/{live.slug}/funding"):
            assert f"{1_234 * version:,}.00 ETB" not in reader.get(path).text
        with db.engine.begin() as connection:
            table = Campaign.__table__
            connection.execute(
                table.update()
                .where(table.c.id == live.id)
                .values(
                    version=table.c.version + 1,
                    reserved_minor=123_400 * version,
                    settled_minor=123_400 * version,
                )
            )
        for path in ("/campaigns", f"/campaigns/{live.slug}", f"/campaigns/{live.slug}/funding"):
            assert f"{1_234 * version:,}.00 ETB" in reader.get(path).text


def test_a_part_that_readers_share_cannot_name_one(app, cast, live):
    with (
        app.test_request_context("/campaigns"),
        pytest.raises(UndefinedError, match="current_user"),
    ):
        pages.render_part("ledger/_wallet.html", account=None)
