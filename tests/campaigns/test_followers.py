"""Follow and unfollow: who may, what the button shows, and who gets to know."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns import follower_queries
from crowdfund.campaigns.models import CampaignFollower
from crowdfund.campaigns.service import followers
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import WrongState
from tests import raising

FOLLOW, UNFOLLOW = "</svg>Follow</button>", ">Unfollow</button>"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def live(live_id):
    return raising.campaign(live_id)


def end_as(live, status):
    change = sa.text("UPDATE campaign SET status = :status, live_lock = NULL WHERE id = :id")
    db.session.execute(change, {"status": status, "id": live.id})
    commit()


def number(live):
    rollback()
    return follower_queries.count(live.id)


def test_one_button_follows_and_unfollows_without_javascript(app, cast, live):
    bob, page = raising.browser(app, cast.bob), f"/campaigns/{live.slug}"
    assert FOLLOW in bob.get(page).text
    answer = bob.post(f"{page}/follow")
    assert (answer.status_code, answer.location) == (303, page)
    shown = bob.get(page).text
    assert UNFOLLOW in shown
    assert FOLLOW not in shown
    assert number(live) == 1
    bob.post(f"{page}/unfollow")
    assert FOLLOW in bob.get(page).text
    assert number(live) == 0


def test_htmx_gets_the_other_button_alone(app, cast, live):
    bob, page = raising.browser(app, cast.bob), f"/campaigns/{live.slug}"
    answer = bob.post(f"{page}/follow", headers=HTMX).text
    assert UNFOLLOW in answer
    assert "<html" not in answer
    assert FOLLOW in bob.post(f"{page}/unfollow", headers=HTMX).text


def test_following_twice_is_following_once(app, cast, live):
    bob = raising.browser(app, cast.bob)
    for _ in range(2):
        assert bob.post(f"/campaigns/{live.slug}/follow").status_code == 303
    assert number(live) == 1


def test_the_button_of_a_cached_page_is_its_readers_own(app, cast, live):
    page = f"/campaigns/{live.slug}"
    bob, carla = raising.browser(app, cast.bob), raising.browser(app, cast.carla)
    visitor = raising.browser(app)
    bob.post(f"{page}/follow")
    bob.get(page)  # shows what has been done
    for _ in range(2):
        assert UNFOLLOW in bob.get(page).text
        assert FOLLOW in carla.get(page).text
        assert "Sign in to follow" in visitor.get(page).text


def test_a_visitor_signs_in_first_and_comes_back_to_the_button(app, cast, live):
    visitor, page = raising.browser(app), f"/campaigns/{live.slug}"
    assert f'href="/sign-in?next={page}"' in visitor.get(page).text
    sent = {"Referer": f"http://localhost{page}"}  # a page that was open while the session ended
    answer = visitor.post(f"{page}/follow", headers=sent)
    assert answer.location.startswith(f"/sign-in?next={page}")
    visitor.post(f"/sign-in?next={page}", data={"identifier": "bob@example.com", "next": page})
    outbox.drain_all()
    code = raising.mail_to("bob@example.com")
    digits = next(word for word in code.split() if word.isdigit() and len(word) == 6)
    assert visitor.post("/sign-in/code", data={"code": digits}).location == page
    assert FOLLOW in visitor.get(page).text


def test_a_company_cannot_follow_its_own_campaign(app, cast, live):
    alice, page = raising.browser(app, cast.alice), f"/campaigns/{live.slug}"
    assert FOLLOW not in alice.get(page).text
    assert alice.post(f"{page}/follow").status_code == 409
    assert number(live) == 0


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled", "released", "refunded"])
def test_a_campaign_that_has_ended_can_be_unfollowed_but_not_followed(app, cast, live, status):
    bob, carla = raising.browser(app, cast.bob), raising.browser(app, cast.carla)
    page = f"/campaigns/{live.slug}"
    bob.post(f"{page}/follow")
    end_as(live, status)
    bob.get(page)
    assert UNFOLLOW in bob.get(page).text
    assert FOLLOW not in carla.get(page).text
    assert carla.post(f"{page}/follow").status_code == 409
    bob.post(f"{page}/unfollow")
    assert number(live) == 0


def test_a_campaign_past_its_deadline_cannot_be_followed(cast, live, frozen):
    frozen.advance(timedelta(days=30, seconds=1))
    rollback()
    with raising.refused(WrongState):
        followers.follow(live.slug, cast.bob)


def test_a_draft_cannot_be_followed_and_is_not_known(app, cast):
    draft = raising.campaign(raising.complete_draft(cast.company, cast.alice))
    bob = raising.browser(app, cast.bob)
    assert bob.post(f"/campaigns/{draft.slug}/follow").status_code == 404
    assert bob.post(f"/campaigns/{draft.slug}/unfollow").status_code == 404


def test_the_list_shows_ones_own_campaigns_and_unfollows_in_place(app, cast, live):
    bob, carla = raising.browser(app, cast.bob), raising.browser(app, cast.carla)
    assert "You do not follow any campaign yet" in bob.get("/account/following").text
    assert "/account/following" in bob.get("/account").text
    bob.post(f"/campaigns/{live.slug}/follow")
    assert f'href="/campaigns/{live.slug}"' in bob.get("/account/following").text
    assert f'href="/campaigns/{live.slug}"' not in carla.get("/account/following").text
    form = {"next": "/account/following"}
    answer = bob.post(f"/campaigns/{live.slug}/unfollow", data=form)
    assert answer.location == "/account/following"
    assert "You do not follow any campaign yet" in bob.get("/account/following").text


def test_the_way_back_never_leads_to_another_site(app, cast, live):
    bob = raising.browser(app, cast.bob)
    form = {"next": "https://evil.example"}
    answer = bob.post(f"/campaigns/{live.slug}/follow", data=form)
    assert answer.location == f"/campaigns/{live.slug}"


def test_the_company_sees_how_many_follow_and_not_who(app, cast, live):
    alice = raising.browser(app, cast.alice)
    desk = f"/my/campaigns/{live.id}"
    assert "0 people follow your campaign." in alice.get(desk).text
    raising.browser(app, cast.bob).post(f"/campaigns/{live.slug}/follow")
    page = alice.get(desk).text
    assert "1 person follows your campaign." in page
    for text in (page, alice.get(f"/campaigns/{live.slug}").text):
        assert "bob@example.com" not in text
        assert cast.bob not in text
    assert "follows your campaign" not in raising.browser(app).get(f"/campaigns/{live.slug}").text


# --- that a deadline is near ----------------------------------------------------------------------


def due(frozen, **before):
    """Return how many campaigns are announced so long before the deadline, in 30 days."""
    frozen.advance(timedelta(days=30) - timedelta(**before))
    rollback()
    found = followers.remind_due()
    rollback()
    return found


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ({"hours": 48, "microseconds": 1}, 0),
        ({"hours": 48}, 1),
        ({"microseconds": 1}, 1),
        ({}, 0),
    ],
)
def test_a_deadline_is_near_from_48_hours_before_it(app, cast, live, frozen, before, found):
    raising.browser(app, cast.bob).post(f"/campaigns/{live.slug}/follow")
    assert due(frozen, **before) == found


def test_a_campaign_without_followers_is_not_announced(live, frozen):
    assert due(frozen, hours=47) == 0


def test_a_campaign_that_is_being_ended_is_not_announced(app, cast, live, frozen):
    raising.browser(app, cast.bob).post(f"/campaigns/{live.slug}/follow")
    db.session.execute(sa.text("UPDATE campaign SET ending = 'cancel'"))
    commit()
    assert due(frozen, hours=47) == 0


def test_a_row_of_a_follower_holds_two_ids_and_a_time():
    names = {column.name for column in CampaignFollower.__table__.columns}
    assert names == {"campaign_id", "person_id", "followed_at"}
