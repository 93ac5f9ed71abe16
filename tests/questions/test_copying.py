"""A visitor's answered question is copied to the frequently asked ones with one button."""

import pytest

from crowdfund.content import queries as content
from crowdfund.content.service import faq
from crowdfund.kernel import audit
from crowdfund.kernel.db import commit, reading, rollback
from crowdfund.kernel.errors import Conflict, WrongState
from crowdfund.questions import service
from tests import raising
from tests.questions.conftest import ANSWER, TEXT


@pytest.fixture
def alice(app, desk):
    return raising.browser(app, desk.people["alice"])


@pytest.fixture
def carla(app, desk):
    return raising.browser(app, desk.people["carla"])


def entries(desk):
    rollback()
    return [(row.question, row.answer) for row in content.faq(desk.campaign_id)]


def test_the_company_copies_an_answered_question_with_one_button(app, desk, alice):
    question = desk.answered()
    one = f"{desk.team}/{question}"
    assert "Copy to the frequently asked questions" in alice.get(one).text
    answer = alice.post(f"{one}/faq")
    assert answer.headers["Location"] == f"/my/campaigns/{desk.campaign_id}/faq"
    assert entries(desk) == [(TEXT, ANSWER)]
    assert "Copied from a visitor" in alice.get(f"/my/campaigns/{desk.campaign_id}/faq").text
    text = raising.browser(app).get(desk.public).text
    assert "Frequently asked questions" in text
    assert "Copy to the frequently" not in alice.get(one).text


def test_a_question_is_copied_once_and_again_when_the_copy_was_removed(desk):
    question = desk.answered()
    copy = service.copy_to_faq(question, actor=desk.people["alice"])
    commit()
    with raising.refused(Conflict):
        service.copy_to_faq(question, actor=desk.people["alice"])
    faq.remove(copy, actor=desk.people["alice"])
    commit()
    service.copy_to_faq(question, actor=desk.people["alice"])
    commit()
    assert entries(desk) == [(TEXT, ANSWER)]


def test_a_question_that_is_not_answered_is_not_copied(desk, alice):
    question = desk.ask()
    assert "Copy to the frequently" not in alice.get(f"{desk.team}/{question}").text
    assert alice.post(f"{desk.team}/{question}/faq").status_code == 409
    with raising.refused(WrongState):
        service.copy_to_faq(question, actor=desk.people["alice"])
    assert entries(desk) == []


def test_one_that_is_too_long_is_shortened_in_a_form_that_has_the_words(desk, alice):
    question = desk.answered(text="Why? " * 60, answer="Because. " * 300)
    one = f"{desk.team}/{question}/faq"
    answer = alice.post(one)
    assert answer.status_code == 422
    assert "Use at most 150 characters" in answer.text
    assert "Because. Because." in answer.text
    assert entries(desk) == []
    again = alice.post(one, data={"question": "Why?", "answer": "Because. " * 300})
    assert again.status_code == 422
    assert alice.post(one, data={"question": "Why?", "answer": "Because."}).status_code == 303
    assert entries(desk) == [("Why?", "Because.")]
    assert content.copied(desk.campaign_id) == {question}


def test_staff_copy_with_one_button_too_and_it_is_in_the_audit_log(desk, carla):
    question = desk.answered()
    one = f"{desk.staff}/{question}"
    assert "Copy to the frequently asked questions" in carla.get(one).text
    assert carla.post(f"{one}/faq").headers["Location"] == one
    assert entries(desk) == [(TEXT, ANSWER)]
    assert "among the frequently asked questions" in carla.get(one).text
    rollback()
    with reading():
        (found,) = audit.entries(audit.Filters(action="questions.staff_copy_to_faq")).rows
    assert (found.actor, found.outcome) == (desk.people["carla"], "done")


def test_staff_leave_the_shortening_to_the_company(desk, carla):
    question = desk.answered(text="Why? " * 60)
    answer = carla.post(f"{desk.staff}/{question}/faq")
    assert answer.status_code == 409
    assert "The company can shorten and copy it." in answer.text
    assert entries(desk) == []


def test_the_copy_stays_when_the_question_is_hidden(desk):
    question = desk.answered()
    service.copy_to_faq(question, actor=desk.people["alice"])
    service.hide(question, "It names a person by name.", actor=desk.people["carla"])
    commit()
    assert entries(desk) == [(TEXT, ANSWER)]


def test_who_only_looks_on_and_strangers_copy_nothing(app, desk):
    question = desk.answered()
    for name, status in (("vera", 403), ("eve", 404)):
        browser = raising.browser(app, desk.people[name])
        assert browser.post(f"{desk.team}/{question}/faq").status_code == status
    assert entries(desk) == []
