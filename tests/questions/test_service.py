"""Questions are asked, answered, corrected, declined and hidden; who is told what."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Invalid, TooMany, WrongState
from crowdfund.notifications import service as notifications
from crowdfund.people import service as people_service
from crowdfund.questions import queries, service
from tests import raising
from tests.questions.conftest import ANSWER, REASON, TEXT


def test_a_question_waits_and_is_public_only_with_its_answer(desk):
    question = desk.ask()
    assert desk.read(question).status == "open"
    assert queries.answered(desk.campaign_id).rows == []
    assert queries.count_open(desk.campaign_id) == 1
    service.answer(question, ANSWER, actor=desk.people["alice"])
    commit()
    (row,) = queries.answered(desk.campaign_id).rows
    assert (row.text, row.answer, row.asker_name) == (TEXT, ANSWER, "Bob D.")
    assert queries.count_open(desk.campaign_id) == 0


def test_the_name_stays_as_it_was_told_before_sending(desk):
    question = desk.answered()
    people_service.save_profile(
        desk.people["bob"], first_name="Robert", last_name="Kebede", phone="+251911234567"
    )
    commit()
    assert desk.read(question).asker_name == "Bob D."


def test_nobody_asks_about_the_own_company_or_about_a_campaign_that_has_ended(desk):
    with raising.refused(Conflict):
        desk.ask(who="vera")
    this = Campaign.__table__.c.id == desk.campaign_id
    db.session.execute(sa.update(Campaign.__table__).where(this).values(status="succeeded"))
    commit()
    with raising.refused(WrongState):
        desk.ask()


def test_a_question_is_still_answered_after_the_end(desk):
    question = desk.ask()
    this = Campaign.__table__.c.id == desk.campaign_id
    db.session.execute(sa.update(Campaign.__table__).where(this).values(status="succeeded"))
    service.answer(question, ANSWER, actor=desk.people["alice"])
    commit()
    assert desk.read(question).status == "answered"


def test_a_person_asks_three_questions_an_hour_and_not_the_same_twice(desk, frozen):
    desk.ask()
    with raising.refused(Conflict):
        desk.ask()
    desk.ask("Where are the farms that you buy from?")
    desk.ask("Who checks your books every year?")
    with raising.refused(TooMany):
        desk.ask("What does one bag of coffee cost?")
    desk.ask("What does one bag of coffee cost?", who="eve")
    frozen.advance(timedelta(hours=1, seconds=1))
    desk.ask("What does one bag of coffee cost?")


def test_those_who_may_answer_are_told_of_a_question_until_they_have_read_it(desk):
    desk.ask()
    desk.ask("Where are the farms that you buy from?")
    for name in ("alice", "mia"):
        assert raising.told(desk.people[name]).count("question.asked") == 1
    assert "question.asked" not in raising.told(desk.people["vera"])
    rollback()
    notifications.mark_read(desk.people["alice"])
    commit()
    desk.ask("Who checks your books every year?")
    assert raising.told(desk.people["alice"]).count("question.asked") == 2
    assert raising.told(desk.people["mia"]).count("question.asked") == 1


def test_the_asker_is_told_of_the_answer_and_not_of_a_correction(desk, frozen):
    question = desk.answered()
    frozen.advance(timedelta(hours=1))
    service.answer(question, "Two, since Monday.", actor=desk.people["mia"])
    commit()
    row = desk.read(question)
    assert (row.answer, row.corrected_at) == ("Two, since Monday.", frozen.now())
    (former,) = queries.former(question)
    assert (former.text, former.answered_by) == (ANSWER, desk.people["alice"])
    assert raising.told(desk.people["bob"]).count("question.answered") == 1


def test_the_same_answer_again_is_no_correction(desk):
    question = desk.answered()
    service.answer(question, f" {ANSWER} ", actor=desk.people["alice"])
    assert desk.read(question).corrected_at is None
    assert queries.former(question) == []


def test_the_asker_is_told_why_the_company_hid_a_question(desk):
    question = desk.ask()
    service.decline(question, REASON, actor=desk.people["alice"])
    commit()
    assert desk.read(question).status == "declined"
    assert "question.hidden" in raising.told(desk.people["bob"])
    assert REASON in raising.mail_to("bob@example.com")


def test_a_hidden_question_can_be_answered_after_all_and_an_answered_one_not_hidden(desk):
    question = desk.ask()
    service.decline(question, REASON, actor=desk.people["alice"])
    service.answer(question, ANSWER, actor=desk.people["alice"])
    commit()
    with raising.refused(WrongState):
        service.decline(question, REASON, actor=desk.people["alice"])
    assert desk.read(question).status == "answered"


def test_staff_hide_an_answer_and_the_company_writes_another_one(desk, frozen):
    question = desk.answered()
    service.hide_answer(question, "It promises a return.", actor=desk.people["carla"])
    commit()
    row = desk.read(question)
    assert (row.status, row.answer, row.answered_at) == ("open", None, None)
    (former,) = queries.former(question)
    assert (former.text, former.reason) == (ANSWER, "It promises a return.")
    assert "question.answer_hidden" in raising.told(desk.people["alice"])
    frozen.advance(timedelta(hours=1))
    service.answer(question, "One, of 15 kg.", actor=desk.people["alice"])
    commit()
    assert raising.told(desk.people["bob"]).count("question.answered") == 2


@pytest.mark.parametrize("state", ["open", "declined", "answered"])
def test_staff_hide_a_question_in_any_state_for_good(desk, state):
    question = desk.answered() if state == "answered" else desk.ask()
    if state == "declined":
        service.decline(question, REASON, actor=desk.people["alice"])
    service.hide(question, "It names a private person.", actor=desk.people["carla"])
    commit()
    assert desk.read(question).status == "hidden"
    assert queries.answered(desk.campaign_id).rows == []
    assert "question.hidden" in raising.told(desk.people["bob"])
    with raising.refused(WrongState):
        service.answer(question, ANSWER, actor=desk.people["alice"])
    with pytest.raises(queries.QuestionMissing):
        queries.for_member(desk.campaign_id, question, desk.people["alice"], "view")


def test_hiding_needs_a_reason(desk):
    question = desk.answered()
    for verb in (service.hide, service.hide_answer):
        with raising.refused(Invalid):
            verb(question, "Short", actor=desk.people["carla"])
    other = desk.ask("Where are the farms that you buy from?")
    with raising.refused(Invalid):
        service.decline(other, "", actor=desk.people["alice"])
    assert desk.read(other).status == "open"


def test_there_is_no_answer_to_hide_before_there_is_one(desk):
    question = desk.ask()
    with raising.refused(WrongState):
        service.hide_answer(question, "It promises a return.", actor=desk.people["carla"])
