"""Frequently asked questions: written in a draft and while live, and what stays readable."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.content import queries
from crowdfund.content.models import CampaignFaqVersion
from crowdfund.content.service import faq
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.db.history import status_changes
from crowdfund.kernel.errors import Conflict, InvalidFields, WrongState
from tests import raising
from tests.content.conftest import QUESTION


@pytest.fixture
def visitor(app, campaign):
    return raising.browser(app)


@pytest.fixture
def alice(app, campaign):
    return raising.browser(app, campaign.people["alice"])


def history(faq_id):
    rollback()
    table = db.metadata.tables["campaign_faq_event"]
    return [(one.from_status, one.to_status) for one in status_changes(table, faq_id)]


def test_a_draft_has_its_questions_in_the_order_the_team_gives_them(campaign):
    first, second, third = (campaign.ask(question=f"Question {n}?") for n in "123")
    faq.reorder(third, "up")
    faq.reorder(third, "up")
    faq.reorder(third, "up")  # it is the first already
    faq.reorder(first, "down")
    commit()
    assert campaign.questions() == ["Question 3?", "Question 2?", "Question 1?"]
    assert second != third


def test_bad_texts_are_refused_with_a_sentence_each_and_nothing_is_stored(campaign):
    with raising.refused(InvalidFields):
        campaign.ask(question="?" * 151, answer="")
    assert campaign.questions() == []


def test_a_draft_takes_20_questions_and_not_one_more(campaign):
    for number in range(20):
        campaign.ask(question=f"Question {number}?")
    with raising.refused(Conflict):
        campaign.ask(question="One too many?")
    assert len(campaign.questions()) == 20


def test_a_change_in_a_draft_leaves_no_trace_for_readers(campaign):
    entry = campaign.ask()
    faq.save(entry, QUESTION | {"answer": "From 2028 on."}, actor=campaign.people["alice"])
    commit()
    removed = campaign.ask(question="Is this too early?")
    faq.remove(removed, actor=campaign.people["alice"])
    commit()
    campaign.go_live()
    (row,) = queries.faq(campaign.campaign_id)
    assert (row.answer, row.changed_at) == ("From 2028 on.", None)
    assert queries.removed_faq(campaign.campaign_id) == []
    assert queries.former_faq(campaign.campaign_id) == {}
    assert history(removed) == [(None, "shown"), ("shown", "removed")]


def test_a_campaign_under_review_keeps_its_questions_as_they_are(campaign):
    entry = campaign.ask()
    campaign.submit()
    for step in (
        lambda: campaign.ask(question="Another one?"),
        lambda: faq.save(entry, QUESTION | {"answer": "Never."}, actor=campaign.people["alice"]),
        lambda: faq.reorder(entry, "up"),
        lambda: faq.remove(entry, actor=campaign.people["alice"]),
    ):
        with raising.refused(WrongState):
            step()
    assert campaign.questions() == ["When will you export?"]


def test_the_questions_stay_as_they_are_when_the_campaign_has_ended(campaign):
    entry = campaign.ask()
    campaign.go_live()
    db.session.execute(sa.text("UPDATE campaign SET status = 'failed'"))
    commit()
    with raising.refused(WrongState):
        faq.remove(entry, actor=campaign.people["alice"])
    with raising.refused(WrongState):
        campaign.ask(question="Another one?")


def test_a_change_of_a_public_question_keeps_the_earlier_text_readable(campaign, visitor, frozen):
    entry = campaign.ask()
    campaign.go_live()
    assert "From 2027 on." in visitor.get(campaign.public).text
    frozen.advance(timedelta(days=1))
    faq.save(entry, QUESTION | {"answer": "From 2029 on."}, actor=campaign.people["alice"])
    commit()
    shown = visitor.get(campaign.public).text
    assert "From 2029 on." in shown
    assert "Changed on" in shown
    assert shown.index("earlier text") < shown.index("From 2027 on.")
    assert "Added on" not in shown  # it was there when the campaign went live
    faq.save(entry, QUESTION | {"answer": "From 2029 on."}, actor=campaign.people["alice"])
    commit()
    assert queries.changes_of(entry) == 1  # the same words are no change


def test_an_addition_while_live_is_shown_with_its_date_at_once(campaign, visitor, frozen):
    campaign.go_live()
    assert "Frequently asked questions" not in visitor.get(campaign.public).text
    frozen.advance(timedelta(days=2))
    campaign.ask()
    shown = visitor.get(campaign.public).text
    assert "When will you export?" in shown
    assert 'datetime="2026-06-17"' in shown
    assert "Added on" in shown


def test_a_removed_public_question_stays_readable_as_removed(campaign, visitor):
    entry = campaign.ask()
    campaign.go_live()
    faq.remove(entry, actor=campaign.people["alice"])
    commit()
    shown = visitor.get(campaign.public).text
    assert "Removed questions" in shown
    assert "Removed on" in shown
    assert shown.index("Removed questions") < shown.index("From 2027 on.")
    assert history(entry) == [(None, "shown"), ("shown", "removed")]
    for step in (
        lambda: faq.remove(entry, actor=campaign.people["alice"]),
        lambda: faq.save(entry, QUESTION | {"answer": "No."}, actor=campaign.people["alice"]),
    ):
        with raising.refused(WrongState):
            step()


def test_what_a_public_question_said_cannot_be_changed_afterwards(campaign):
    entry = campaign.ask()
    campaign.go_live()
    faq.save(entry, QUESTION | {"answer": "From 2029 on."}, actor=campaign.people["alice"])
    commit()
    table = CampaignFaqVersion.__table__
    for statement in (sa.update(table).values(answer="x"), sa.delete(table)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            db.session.execute(statement)
        rollback()


def test_a_public_question_changes_ten_times_and_then_no_more(campaign):
    entry = campaign.ask()
    campaign.go_live()
    for number in range(10):
        faq.save(entry, QUESTION | {"answer": f"Answer {number}."}, actor=campaign.people["alice"])
    commit()
    with raising.refused(Conflict):
        faq.save(entry, QUESTION | {"answer": "Once more."}, actor=campaign.people["alice"])


def test_every_change_of_a_live_campaign_gives_its_page_a_new_version(campaign):
    entry = campaign.ask()
    campaign.ask(question="Another one?")
    campaign.go_live()
    seen = [raising.campaign(campaign.campaign_id).news_version]
    for step in (
        lambda: faq.save(entry, QUESTION | {"answer": "Later."}, actor=campaign.people["alice"]),
        lambda: faq.reorder(entry, "down"),
        lambda: faq.remove(entry, actor=campaign.people["alice"]),
        lambda: campaign.ask(question="A third one?"),
    ):
        step()
        commit()
        seen.append(raising.campaign(campaign.campaign_id).news_version)
    assert seen == [seen[0] + number for number in range(5)]


# --- pages ----------------------------------------------------------------------------------------


def test_the_team_writes_orders_changes_and_removes_without_javascript(campaign, alice):
    assert "Frequently asked questions" in alice.get(campaign.desk).text
    assert "No questions yet" in alice.get(f"{campaign.desk}/faq").text
    for number in "12":
        sent = QUESTION | {"question": f"Question {number}?"}
        answer = alice.post(f"{campaign.desk}/faq/new", data=sent)
        assert answer.headers["Location"] == f"{campaign.desk}/faq"
    _first, second = queries.faq(campaign.campaign_id)
    alice.post(f"{campaign.desk}/faq/{second.id}/up")
    assert campaign.questions() == ["Question 2?", "Question 1?"]
    one = f"{campaign.desk}/faq/{second.id}"
    assert "Question 2?" in alice.get(f"{one}/edit").text
    alice.post(f"{one}/edit", data=QUESTION | {"question": "Question 3?"})
    assert campaign.questions() == ["Question 3?", "Question 1?"]
    alice.post(f"{one}/remove")
    assert campaign.questions() == ["Question 1?"]


def test_a_bad_text_comes_back_with_its_sentence_and_nothing_is_lost(campaign, alice):
    sent = {"question": "?" * 151, "answer": "Kept as it was typed."}
    answer = alice.post(f"{campaign.desk}/faq/new", data=sent)
    assert answer.status_code == 422
    assert "Use at most 150 characters; this is 151." in answer.text
    assert "Kept as it was typed." in answer.text
    assert campaign.questions() == []


def test_markup_is_refused_and_quotes_are_shown_as_they_are(campaign, alice, visitor):
    assert (
        alice.post(
            f"{campaign.desk}/faq/new", data=QUESTION | {"answer": "<script>alert(1)</script>"}
        ).status_code
        == 422
    )
    campaign.ask(answer='Tom & "Jerry"')
    campaign.go_live()
    assert "Tom &amp; &#34;Jerry&#34;" in visitor.get(campaign.public).text


def test_who_only_looks_on_cannot_write_and_a_stranger_finds_nothing(app, campaign):
    entry = campaign.ask()
    vera, bob = (raising.browser(app, campaign.people[name]) for name in ("vera", "bob"))
    assert "Add a question" not in vera.get(f"{campaign.desk}/faq").text
    for path in ("new", f"{entry}/edit", f"{entry}/up", f"{entry}/remove"):
        assert vera.post(f"{campaign.desk}/faq/{path}", data=QUESTION).status_code == 403
        assert bob.post(f"{campaign.desk}/faq/{path}", data=QUESTION).status_code == 404
    assert campaign.questions() == ["When will you export?"]


def test_a_question_is_not_found_at_another_campaign(campaign, alice):
    entry = campaign.ask()
    other = raising.complete_draft(campaign.company, campaign.people["alice"])
    answer = alice.post(f"/my/campaigns/{other}/faq/{entry}/remove")
    assert answer.status_code == 404
    assert campaign.questions() == ["When will you export?"]


def test_reviewers_see_the_questions_of_a_submitted_campaign(app, campaign):
    campaign.ask()
    campaign.submit()
    carla = raising.browser(app, campaign.people["carla"])
    assert "From 2027 on." in carla.get(f"/staff/campaigns/{campaign.campaign_id}").text
