"""The plan is dated: one person proposes a version, another approves it before its day begins."""

import re
from datetime import timedelta

import pytest

from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, InvalidFields
from crowdfund.plans import queries, service
from crowdfund.plans.rules import terms, words
from crowdfund.plans.rules.terms import DEFAULT_TERMS
from tests import raising


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


PAIR = {"pair_minor": "1800"}


@pytest.fixture
def cast(app, frozen):
    """Fin and fred work in finance."""
    made = {name: raising.person(name, "finance") for name in ("fin", "fred")}
    commit()
    yield made
    rollback()


def today():
    return terms.business_date(clock.now())


def propose(cast, actor="fin", *, days=1, **typed):
    rollback()
    values = {**words.typed(DEFAULT_TERMS), **PAIR, "reason": "For these tests only.", **typed}
    made = service.propose(
        {"from_on": (today() + timedelta(days=days)).isoformat(), **values}, actor=cast[actor]
    )
    commit()
    return made


def approve(cast, plan_id, actor="fred"):
    rollback()
    service.approve(plan_id, actor=cast[actor])
    commit()


def test_without_a_version_the_terms_are_those_that_the_platform_began_with(cast):
    assert queries.terms_on(today()) == DEFAULT_TERMS


def test_a_version_applies_from_its_first_day_once_a_second_person_has_approved_it(cast):
    plan_id = propose(cast)
    tomorrow = today() + timedelta(days=1)
    assert queries.terms_on(tomorrow) == DEFAULT_TERMS
    with pytest.raises(Forbidden):
        approve(cast, plan_id, "fin")
    approve(cast, plan_id)
    assert queries.terms_on(today()) == DEFAULT_TERMS
    assert queries.terms_on(tomorrow).pair_minor == 1_800_00
    with pytest.raises(Conflict):
        approve(cast, plan_id)


def test_a_version_cannot_be_approved_once_its_day_has_begun(cast, frozen):
    plan_id = propose(cast)
    frozen.advance(timedelta(days=1))
    with pytest.raises(Invalid, match="a day that has begun"):
        approve(cast, plan_id)
    assert queries.terms_on(today()) == DEFAULT_TERMS


def test_of_two_versions_the_later_day_wins_however_they_were_approved(cast):
    late = propose(cast, days=3, pair_minor="1700")
    early = propose(cast, days=1)
    approve(cast, late)
    approve(cast, early)
    paid = [queries.terms_on(today() + timedelta(days=days)).pair_minor for days in range(5)]
    assert paid == [2_000_00, 1_800_00, 1_800_00, 1_700_00, 1_700_00]


def test_there_is_one_open_proposal_for_a_day(cast):
    first = propose(cast)
    with pytest.raises(Conflict, match="for this day already"):
        propose(cast, "fred", pair_minor="1900")
    rollback()
    service.withdraw(first, actor=cast["fin"])
    commit()
    propose(cast, "fred", pair_minor="1900")


def test_the_same_terms_again_are_no_proposal(cast):
    with pytest.raises(Invalid, match="apply on that day anyway"):
        propose(cast, pair_minor="2000")
    assert queries.waiting()[0] == 0


def test_bad_terms_store_nothing(cast):
    with pytest.raises(InvalidFields) as refused:
        propose(cast, emi_bp="60", reserve_bp="50")
    assert set(refused.value.errors) == {"reserve_bp"}
    rollback()
    assert queries.waiting()[0] == 0


def test_a_refusal_says_why_and_changes_nothing(cast):
    plan_id = propose(cast)
    service.refuse(plan_id, "Too much of a change.", actor=cast["fred"])
    commit()
    assert queries.version(plan_id).status == "refused"
    assert queries.terms_on(today() + timedelta(days=1)) == DEFAULT_TERMS
    assert [event.reason for event in queries.history(plan_id)][-1] == "Too much of a change."


def test_staff_propose_and_decide_on_the_desk(cast, app):
    fin, fred = (raising.sign_in(app.test_client(), cast[one]) for one in ("fin", "fred"))
    form = {**words.typed(DEFAULT_TERMS), **PAIR, "reason": "For these tests only."}
    day = (today() + timedelta(days=1)).isoformat()
    refused = fin.post("/staff/plan/new", data={**form, "from_on": today().isoformat()})
    assert refused.status_code == 422
    assert "A plan never changes for a day that has begun." in text_of(refused.text)
    made = fin.post("/staff/plan/new", data={**form, "from_on": day})
    page = text_of(fred.get(made.location).text)
    assert "2,000.00 INR 1,800.00 INR changed" in page
    assert "What both would pay" in page
    fred.post(f"{made.location}/approve")
    assert "Approved" in text_of(fred.get(made.location).text)
    assert "Other terms apply from" in text_of(app.test_client().get("/plan").text)


def test_everybody_can_ask_what_the_plan_would_pay(app, frozen):
    visitor = app.test_client()
    page = text_of(visitor.get("/plan").text)
    assert "2,000.00 INR" in page
    assert "Earn nothing" in page
    asked = "/plan?shape=balanced&members=3&months=1&active=0&paid=5000"
    page = text_of(visitor.get(asked).text)
    assert "The plan pays 4,000.00 INR Paid for vehicles 15,000.00 INR" in page
    assert "This cannot last" not in page
    assert "This cannot last" in text_of(visitor.get(asked.replace("5000", "500")).text)


def test_a_question_that_cannot_be_answered_is_shown_again_with_a_sentence(app, frozen):
    answer = app.test_client().get("/plan?shape=balanced&members=1000000&months=1&active=0&paid=1")
    assert answer.status_code == 422
    assert "Enter a whole number from 1 to 5000." in text_of(answer.text)
    assert "Earn nothing" not in text_of(answer.text)
