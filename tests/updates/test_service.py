"""Updates are written, published once, corrected with their history, and taken down."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import storage
from crowdfund.campaigns.models import Campaign
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Invalid, InvalidFields, TooMany, WrongState
from crowdfund.notifications import queries as notices
from crowdfund.notifications import service as notifications
from crowdfund.updates import queries, service
from tests import raising
from tests.updates.conftest import TEXTS


def set_status(news, **values):
    rollback()
    this = Campaign.__table__.c.id == news.campaign_id
    db.session.execute(sa.update(Campaign.__table__).where(this).values(**values))
    commit()


def test_a_campaign_that_was_never_live_has_no_updates(news):
    draft = raising.complete_draft(news.company, news.people["alice"])
    with raising.refused(WrongState):
        service.create(draft, TEXTS, actor=news.people["alice"])


def test_an_update_can_be_published_after_the_release(news):
    set_status(news, status="released")
    assert news.read(news.published()).status == "published"


def test_a_draft_is_told_to_nobody(news, invested):
    news.draft()
    news.world.work()
    assert "update.published" not in raising.told(news.people["charlie"])


def test_an_investor_is_notified_of_an_update_once_and_others_are_not(news, invested):
    update = news.published()
    news.world.work()
    service.save(update, TEXTS | {"title": "Another title"}, actor=news.people["alice"])
    service.notify_investors(update)
    commit()
    news.world.work()
    assert raising.told(news.people["charlie"]).count("update.published") == 1
    assert "update.published" not in raising.told(news.people["dora"])
    assert "update.published" not in raising.told(news.people["alice"])


def test_an_investor_gets_the_mail_unless_they_chose_otherwise(news, invested):
    charlie = news.people["charlie"]
    news.published()
    mail = raising.mail_to("charlie@example.com")
    assert "The second roaster has arrived" in mail
    assert f"/campaigns/{news.slug}/updates/" in mail
    rollback()
    notifications.choose(charlie, "update.published", "email", is_wanted=False)
    commit()
    news.published(title="Something else has happened")
    assert "Something else" not in raising.mail_to("charlie@example.com")
    rollback()
    assert [n.kind for n in notices.notices_of(charlie).rows].count("update.published") == 2


def test_an_update_that_was_taken_down_before_the_notice_went_out_is_told_to_no_investor(
    news, invested
):
    update = news.published()
    service.take_down(update, "It promises a return.", actor=news.people["carla"])
    commit()
    news.world.work()
    assert "update.published" not in raising.told(news.people["charlie"])


def test_a_draft_is_published_once(news):
    update = news.published()
    with raising.refused(WrongState):
        service.publish(update, actor=news.people["alice"])


def test_a_company_publishes_three_updates_a_day_and_more_on_the_next(news, frozen):
    for _ in range(3):
        news.published()
    fourth = news.draft()
    with raising.refused(TooMany):
        service.publish(fourth, actor=news.people["alice"])
    frozen.advance(timedelta(days=1, seconds=1))
    service.publish(fourth, actor=news.people["alice"])


def test_a_draft_changes_without_a_history_and_a_published_update_with_one(news, frozen):
    update, alice = news.draft(), news.people["alice"]
    service.save(update, TEXTS | {"title": "First title"}, actor=alice)
    service.publish(update, actor=alice)
    commit()
    assert news.read(update).corrected_at is None
    frozen.advance(timedelta(hours=1))
    service.save(update, TEXTS | {"title": "Second title"}, actor=alice)
    commit()
    row = news.read(update)
    assert (row.title, row.corrected_at) == ("Second title", frozen.now())
    (former,) = queries.former(update)
    assert (former.title, former.text_md) == ("First title", TEXTS["text_md"])
    assert (former.replaced_by, former.replaced_at) == (alice, frozen.now())


def test_saving_the_same_words_is_no_correction(news):
    update = news.published()
    service.save(update, TEXTS, actor=news.people["alice"])
    assert news.read(update).corrected_at is None
    assert queries.former(update) == []


def test_a_picture_of_a_published_update_stays_in_its_history(news):
    alice, update = news.people["alice"], news.published()
    file_id = storage.put_public(raising.POSTER)
    picture = service.add_picture(update, file_id, "The new roaster.", actor=alice)
    service.remove_picture(update, picture, actor=alice)
    commit()
    assert queries.pictures([update]) == {update: []}
    newest, first = queries.former(update)
    assert (newest.pictures, first.pictures) == ([[file_id, "The new roaster."]], [])


def test_a_picture_needs_words_and_there_are_eight_at_most(news):
    alice, update = news.people["alice"], news.draft()
    file_id = storage.put_public(raising.POSTER)
    with raising.refused(Invalid):
        service.add_picture(update, file_id, " ", actor=alice)
    for number in range(8):
        service.add_picture(update, file_id, f"Roaster number {number}.", actor=alice)
    commit()
    with raising.refused(Invalid):
        service.add_picture(update, file_id, "One roaster too many.", actor=alice)


def test_a_discarded_draft_leaves_no_text_and_is_not_found(news):
    alice, update = news.people["alice"], news.draft()
    service.add_picture(update, storage.put_public(raising.POSTER), "The roaster.", actor=alice)
    service.discard(update, actor=alice)
    commit()
    assert (news.read(update).title, news.read(update).text_md) == ("", "")
    assert queries.pictures([update]) == {update: []}
    assert queries.all_of(news.campaign_id).rows == []
    with pytest.raises(queries.UpdateMissing):
        queries.of_campaign(news.campaign_id, update)


def test_a_published_update_cannot_be_discarded_and_a_hidden_one_not_changed(news):
    alice, update = news.people["alice"], news.published()
    with raising.refused(WrongState):
        service.discard(update, actor=alice)
    service.take_down(update, "It promises a return.", actor=news.people["carla"])
    commit()
    with raising.refused(WrongState):
        service.save(update, TEXTS | {"title": "Again and again"}, actor=alice)
    with raising.refused(WrongState):
        service.publish(update, actor=alice)


def test_those_who_may_write_are_told_why_an_update_was_taken_down(news):
    update = news.published()
    service.take_down(update, "It promises a return.", actor=news.people["carla"])
    commit()
    assert "update.taken_down" in raising.told(news.people["alice"])
    assert "update.taken_down" in raising.told(news.people["mia"])
    assert "update.taken_down" not in raising.told(news.people["vera"])
    assert queries.history(update)[-1].reason == "It promises a return."


def test_a_take_down_needs_a_reason(news):
    update = news.published()
    with raising.refused(Invalid):
        service.take_down(update, "Short", actor=news.people["carla"])
    assert news.read(update).status == "published"


def test_a_bad_text_saves_nothing(news):
    with raising.refused(InvalidFields):
        news.draft(title="", text_md="")
    assert queries.all_of(news.campaign_id).rows == []
