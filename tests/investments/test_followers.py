"""What followers are told of a campaign, once, and what those who have invested are spared."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.campaigns.events import ENDED, CampaignClosesSoon
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import followers as following
from crowdfund.investments import followers
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.notifications import links
from crowdfund.notifications import service as notifications
from tests import raising

from .conftest import verified


@pytest.fixture
def world(world):
    """Charlie, dora and erin follow the campaign."""
    world.people["erin"] = raising.person("erin")
    for name in ("charlie", "dora", "erin"):
        rollback()
        following.follow(world.slug, world.people[name])
        commit()
    return world


def told(world, who):
    return [one for one in raising.told(world.people[who]) if one.startswith("followed.")]


def near_the_deadline(world, frozen, *, times=1):
    """Let the scheduler look, so many times, when 47 hours are left."""
    frozen.advance(timedelta(days=28, hours=1))
    for _ in range(times):
        rollback()
        following.remind_due()
        commit()
        world.work()


def end(world, status):
    rollback()
    change = sa.text("UPDATE campaign SET status = :status, live_lock = NULL")
    db.session.execute(change, {"status": str(status)})
    outbox.emit(ENDED[status](key=world.campaign_id, campaign_id=world.campaign_id))
    commit()
    world.work()


def test_followers_are_reminded_once_however_often_the_scheduler_looks(world, frozen):
    near_the_deadline(world, frozen, times=3)
    assert told(world, "erin") == ["followed.closing"]
    letters = [one for one in mail.OUTBOX if "erin@example.com" in str(one["To"])]
    assert [one["Subject"] for one in letters] == ["A second roaster for Yirga closes soon"]
    text = letters[0].get_body(("plain",)).get_content()
    assert f"http://localhost/campaigns/{world.slug}" in text
    assert "you may lose all the money" in text


def test_whoever_has_invested_or_is_paying_is_not_reminded(world, frozen):
    paid = world.place("charlie", "1,000", key="a")
    world.bank_says(paid, "SUCCESS", "SETTLED")
    frozen.advance(timedelta(days=28, hours=1))
    world.place("dora", "1,000", key="b")
    rollback()
    following.remind_due()
    commit()
    world.work()
    assert [told(world, name) for name in ("charlie", "dora", "erin")] == [
        [],
        [],
        ["followed.closing"],
    ]


def test_whoever_gave_up_a_reservation_is_reminded(world, frozen):
    world.place("dora", "1,000", key="b")
    db.session.execute(sa.text("UPDATE investment SET status = 'expired'"))
    commit()
    near_the_deadline(world, frozen)
    assert told(world, "dora") == ["followed.closing"]


def test_nobody_is_reminded_of_a_campaign_that_is_full(world, frozen):
    db.session.execute(sa.text("UPDATE campaign SET reserved_minor = goal_minor"))
    commit()
    near_the_deadline(world, frozen)
    assert told(world, "erin") == []


def test_a_reminder_that_comes_after_the_deadline_is_not_sent(world, frozen):
    outbox.emit(CampaignClosesSoon(key=world.campaign_id, campaign_id=world.campaign_id))
    commit()
    frozen.advance(timedelta(days=30, seconds=1))
    world.work()
    assert told(world, "erin") == []


@pytest.mark.parametrize("status", list(ENDED))
def test_followers_get_the_result_once_and_investors_their_own_notice_of_it(world, status):
    paid = world.place("charlie", "1,000", key="a")
    world.bank_says(paid, "SUCCESS", "SETTLED")
    end(world, status)
    end(world, status)
    assert told(world, "erin") == [f"followed.{status}"]
    assert told(world, "charlie") == []
    own = "investment.succeeded" if status == Status.SUCCEEDED else "investment.refunded"
    assert own in raising.told(world.people["charlie"])


def test_whoever_unfollows_hears_no_more(world, frozen):
    rollback()
    following.unfollow(world.slug, world.people["erin"])
    commit()
    near_the_deadline(world, frozen)
    end(world, Status.FAILED)
    assert told(world, "erin") == []
    assert told(world, "dora") == ["followed.failed", "followed.closing"]


def test_a_follower_can_switch_the_emails_off_and_keeps_the_notice(world, frozen):
    rollback()
    notifications.choose(world.people["erin"], "followed.closing", "email", is_wanted=False)
    commit()
    near_the_deadline(world, frozen)
    assert told(world, "erin") == ["followed.closing"]
    assert not [one for one in mail.OUTBOX if "erin@example.com" in str(one["To"])]


def test_the_unsubscribe_link_of_a_reminder_ends_that_kind_of_email(app, world, frozen):
    url = links.unsubscribe_url(world.people["erin"], "followed.failed")
    path = url.removeprefix("http://localhost")
    near_the_deadline(world, frozen)
    (letter,) = [one for one in mail.OUTBOX if "erin@example.com" in str(one["To"])]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    end(world, Status.FAILED)
    assert told(world, "erin") == ["followed.failed", "followed.closing"]
    assert len([one for one in mail.OUTBOX if "erin@example.com" in str(one["To"])]) == 1


def test_many_followers_are_notified_in_batches_each_once(world, frozen, monkeypatch):
    monkeypatch.setattr(followers, "AT_ONCE", 2)
    names = [f"f{number}" for number in range(5)]
    for name in names:
        world.people[name] = verified(name)
        rollback()
        following.follow(world.slug, world.people[name])
        commit()
    near_the_deadline(world, frozen)
    assert [told(world, name) for name in names] == [["followed.closing"]] * 5
    assert told(world, "erin") == ["followed.closing"]
