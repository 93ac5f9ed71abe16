"""Pages of questions: what everyone reads, asking, the team's desk, and staff."""

import re
from datetime import timedelta

import pytest

from crowdfund.kernel import audit
from crowdfund.kernel.db import commit, reading, rollback
from crowdfund.questions import queries, service
from tests import raising
from tests.questions.conftest import ANSWER, REASON, TEXT


@pytest.fixture
def visitor(app, desk):
    return raising.browser(app)


@pytest.fixture
def bob(app, desk):
    return raising.browser(app, desk.people["bob"])


@pytest.fixture
def alice(app, desk):
    return raising.browser(app, desk.people["alice"])


@pytest.fixture
def carla(app, desk):
    return raising.browser(app, desk.people["carla"])


# --- what everyone reads --------------------------------------------------------------------------


def test_an_answer_is_on_the_page_of_the_campaign_at_once(desk, visitor, carla):
    assert "No questions have been answered yet." in visitor.get(desk.public).text
    question = desk.ask()
    assert TEXT not in visitor.get(desk.public).text
    service.answer(question, ANSWER, actor=desk.people["alice"])
    commit()
    page = visitor.get(desk.public).text
    assert TEXT in page
    assert ANSWER in page
    assert "Bob D." in page
    assert "Desta" not in page
    service.answer(question, "Two, since Monday.", actor=desk.people["alice"])
    commit()
    page = visitor.get(desk.public).text
    assert "Two, since Monday." in page
    assert "Corrected on" in page
    carla.post(f"{desk.staff}/{question}/hide-answer", data={"reason": "It promises a return."})
    page = visitor.get(desk.public).text
    assert "Two, since Monday." not in page
    assert TEXT not in page


def test_a_question_shows_its_text_as_it_is_typed_and_no_markup(desk, visitor):
    desk.answered("Is 3 & 4 = 7?\nAnd {{ 7 * 7 }}?", "No & yes: %(name)s")
    page = visitor.get(f"{desk.public}/questions").text
    assert "Is 3 &amp; 4 = 7?\nAnd {{ 7 * 7 }}?" in page
    assert "No &amp; yes: %(name)s" in page


def test_the_list_is_in_pages_the_newest_answer_first(desk, visitor, frozen):
    for number in range(22):
        frozen.advance(timedelta(hours=3))
        desk.answered(f"Is this question number {number:02}?")
    first = visitor.get(f"{desk.public}/questions").text
    assert first.index("number 21") < first.index("number 02")
    assert "number 01" not in first
    (older,) = set(re.findall(r'rel="next" href="([^"]+)"', first))
    assert "number 01" in visitor.get(older.replace("&amp;", "&")).text
    page = visitor.get(desk.public).text
    assert page.count("Is this question number") == 3
    assert "Read all questions and answers" in page


def test_a_campaign_without_answers_says_so(desk, visitor):
    assert "No answers yet" in visitor.get(f"{desk.public}/questions").text


# --- asking ---------------------------------------------------------------------------------------


def test_a_visitor_signs_in_first(desk, visitor):
    assert visitor.get(desk.asking).headers["Location"].startswith("/sign-in?next=")


def test_a_person_is_told_the_name_that_is_shown_and_sends_a_question(desk, bob):
    assert "Your name is shown as “Bob D.”" in bob.get(desk.asking).text
    assert bob.post(desk.asking, data={"text": TEXT}).headers["Location"] == desk.asking
    page = bob.get(desk.asking).text
    assert "becomes public when the company answers it" in page
    assert "Waiting for an answer" in page
    assert TEXT in page
    assert desk.read(queries.of_asker(desk.campaign_id, desk.people["bob"])[0].id).text == TEXT


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Enter your question."),
        ("Why?", "Use at least 10 characters."),
        ("Is <b>this</b> bold or is it not?", "Use plain text only"),
        ("x" * 1_001, "Use at most 1,000 characters"),
    ],
)
def test_a_question_that_cannot_be_taken_is_refused_and_kept_in_the_form(desk, bob, text, sentence):
    answer = bob.post(desk.asking, data={"text": text})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert text.replace("<", "&lt;").replace(">", "&gt;") in answer.text
    assert queries.of_asker(desk.campaign_id, desk.people["bob"]) == []


def test_the_fourth_question_of_an_hour_is_refused_and_kept_in_the_form(desk, bob):
    for number in range(3):
        desk.ask(f"Is this question number {number}?")
    answer = bob.post(desk.asking, data={"text": "Is this one question too many?"})
    assert answer.status_code == 429
    assert "3 questions in an hour" in answer.text
    assert "Is this one question too many?" in answer.text


def test_a_member_of_the_team_is_sent_to_the_desk(desk, alice):
    assert desk.team in alice.get(desk.asking).text
    assert alice.post(desk.asking, data={"text": TEXT}).status_code == 409


def test_an_asker_reads_why_a_question_was_hidden_and_nobody_else_does(app, desk, bob):
    question = desk.ask()
    service.decline(question, REASON, actor=desk.people["alice"])
    commit()
    assert REASON in bob.get(desk.asking).text
    eve = raising.browser(app, desk.people["eve"])
    for path in (desk.asking, f"{desk.public}/questions", desk.public):
        assert REASON not in eve.get(path).text
        assert TEXT not in eve.get(path).text


# --- the team -------------------------------------------------------------------------------------


def test_the_desk_counts_what_waits_and_shows_it_oldest_first(desk, alice):
    desk.ask()
    desk.ask("Where are the farms that you buy from?", who="eve")
    assert "2 to answer" in alice.get(f"/my/campaigns/{desk.campaign_id}").text
    assert "Questions to answer: 2." in alice.get("/my/company").text
    page = alice.get(desk.team).text
    assert page.index(TEXT) < page.index("Where are the farms")
    assert "Bob D." in page


def test_the_team_answers_and_the_question_leaves_the_desk(desk, alice, visitor):
    question = desk.ask()
    assert "No questions here" in alice.get(f"{desk.team}?show=answered").text
    answer = alice.post(f"{desk.team}/{question}", data={"answer": ANSWER})
    assert answer.headers["Location"] == desk.team
    assert "No questions to answer" in alice.get(desk.team).text
    assert TEXT in alice.get(f"{desk.team}?show=answered").text
    assert ANSWER in visitor.get(f"{desk.public}/questions").text


def test_an_answer_that_cannot_be_taken_is_refused_and_kept_in_the_form(desk, alice):
    question = desk.ask()
    answer = alice.post(f"{desk.team}/{question}", data={"answer": "One <b>big</b> one."})
    assert answer.status_code == 422
    assert "One &lt;b&gt;big&lt;/b&gt; one." in answer.text
    assert desk.read(question).status == "open"


def test_the_team_hides_a_question_with_a_reason(desk, alice):
    question = desk.ask()
    short = alice.post(f"{desk.team}/{question}/decline", data={"reason": "No"})
    assert short.status_code == 422
    assert "at least 10 characters" in short.text
    assert alice.post(f"{desk.team}/{question}/decline", data={"reason": REASON}).status_code == 303
    assert TEXT in alice.get(f"{desk.team}?show=declined").text
    assert REASON in alice.get(f"{desk.team}/{question}").text


def test_the_team_reads_why_staff_hid_an_answer(desk, alice, carla):
    question = desk.answered()
    carla.post(f"{desk.staff}/{question}/hide-answer", data={"reason": "It promises a return."})
    page = alice.get(f"{desk.team}/{question}").text
    assert "Our staff have hidden your answer" in page
    assert "It promises a return." in page
    assert ANSWER in page, "the team reads its former answer"


def test_who_only_looks_on_answers_nothing(app, desk):
    vera, question = raising.browser(app, desk.people["vera"]), desk.ask()
    assert "Publish the answer" not in vera.get(f"{desk.team}/{question}").text
    assert vera.post(f"{desk.team}/{question}", data={"answer": ANSWER}).status_code == 403
    assert desk.read(question).status == "open"


def test_a_stranger_and_the_asker_do_not_find_the_desk(desk, bob):
    question = desk.ask()
    assert bob.get(desk.team).status_code == 404
    assert bob.get(f"{desk.team}/{question}").status_code == 404


# --- staff ----------------------------------------------------------------------------------------


def test_staff_hide_a_question_with_a_reason_in_the_audit_log_and_still_read_it(
    desk, carla, visitor
):
    question = desk.answered()
    assert TEXT in carla.get(desk.staff).text
    here = f"{desk.staff}/{question}"
    assert carla.post(f"{here}/hide", data={"reason": "No"}).status_code == 422
    done = carla.post(f"{here}/hide", data={"reason": "It names a private person."})
    assert done.headers["Location"] == here
    assert TEXT not in visitor.get(f"{desk.public}/questions").text
    assert TEXT in carla.get(f"{desk.staff}?show=hidden").text
    page = carla.get(here).text
    assert TEXT in page
    assert ANSWER in page
    assert "It names a private person." in page
    rollback()
    with reading():
        (entry,) = audit.entries(audit.Filters(action="questions.hide")).rows
    assert entry.actor == desk.people["carla"]
    assert entry.detail["reason"] == "It names a private person."


def test_staff_still_read_an_answer_that_they_hid(desk, carla):
    question = desk.answered()
    here = f"{desk.staff}/{question}"
    done = carla.post(f"{here}/hide-answer", data={"reason": "It promises a return."})
    assert done.status_code == 303
    assert ANSWER in carla.get(here).text


def test_what_two_of_the_staff_hide_at_once_is_hidden_once(app, desk, carla):
    question = desk.answered()
    here = f"{desk.staff}/{question}/hide"
    reason = {"reason": "It names a private person."}
    assert carla.post(here, data=reason).status_code == 303
    assert raising.browser(app, desk.people["adam"]).post(here, data=reason).status_code == 409
