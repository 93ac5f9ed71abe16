"""Texts, numbers and order of what a campaign's page shows."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.campaigns.rules import life
from crowdfund.content.rules import faq, gallery, people, places
from crowdfund.kernel.errors import Conflict, Invalid, WrongState

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    id: str
    place: int


@pytest.mark.parametrize(
    ("question", "answer", "wrong"),
    [
        ("ab", "ab", set()),
        ("a" * 150, "b" * 2000, set()),
        ("When?", "Soon.\n\nVery soon.", set()),
        ("", "", {"question", "answer"}),
        ("a", "b", {"question", "answer"}),
        ("a" * 151, "b" * 2001, {"question", "answer"}),
        ("Why <b>?", "Be\u200bcause \u202e", {"question", "answer"}),
        ("two\nlines", "fine", {"question"}),
    ],
)
def test_a_question_has_2_to_150_and_an_answer_up_to_2000_plain_characters(question, answer, wrong):
    good, errors = faq.clean({"question": question, "answer": answer})
    assert set(errors) == wrong
    assert set(good) == {"question", "answer"} - wrong


def test_the_questions_change_in_a_draft_and_while_live_alone():
    for status in life.Status:
        if status in (life.Status.DRAFT, life.Status.LIVE):
            faq.check_campaign(status)
            continue
        with pytest.raises(WrongState):
            faq.check_campaign(status)


def test_there_are_20_questions_at_a_time_and_60_ever():
    faq.check_number(19, 59)
    with pytest.raises(Conflict, match="at most 20 questions"):
        faq.check_number(20, 20)
    with pytest.raises(Conflict, match="60 questions in all"):
        faq.check_number(19, 60)


def test_a_public_question_changes_ten_times():
    faq.check_changes(9)
    with pytest.raises(Conflict, match="10 times"):
        faq.check_changes(10)


def test_a_removed_question_stays_removed():
    with pytest.raises(WrongState):
        faq.move("removed", faq.Status.SHOWN)
    with pytest.raises(WrongState):
        faq.move("removed", faq.Status.REMOVED)


def test_a_gallery_has_12_pictures_each_with_a_description():
    gallery.check_number(11)
    with pytest.raises(Invalid, match="12 pictures"):
        gallery.check_number(12)
    for words in ("", "   ", "Pic", "x" * 161):
        with pytest.raises(Invalid):
            gallery.check_alt(words)
    assert gallery.check_alt(" A roaster. ") == "A roaster."


def test_a_person_is_shown_only_with_the_confirmation_that_the_person_agreed():
    words = {"name": "Almaz", "role": "Roaster", "text": "Roasts."}
    assert set(people.clean(words)[1]) == {"agreed"}
    assert people.clean(words | {"agreed": True})[1] == {}
    assert set(people.clean({"agreed": True})[1]) == {"name", "role", "text"}
    assert set(people.clean(words | {"agreed": True, "text": "x" * 401})[1]) == {"text"}


def test_a_page_shows_12_people():
    people.check_number(11)
    with pytest.raises(Invalid, match="12 people"):
        people.check_number(12)


@pytest.mark.parametrize("status", list(life.Status))
def test_pictures_and_people_are_added_to_a_draft_and_removed_from_what_is_public(status):
    was_live = NOW if status in life.PUBLIC else None
    is_draft = status == life.Status.DRAFT
    if is_draft:
        places.check_draft(status)
    else:
        with pytest.raises(WrongState):
            places.check_draft(status)
    if is_draft or status in life.PUBLIC:
        places.check_removable(status, was_live)
    else:
        with pytest.raises(WrongState):
            places.check_removable(status, None)


def test_a_campaign_that_was_cancelled_before_it_was_live_is_not_public():
    assert not places.was_public("cancelled", None)
    assert places.was_public("cancelled", NOW)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20, unique=True), st.data())
def test_moving_swaps_two_neighbours_and_never_leaves_the_list(numbers, data):
    rows = [Thing(str(n), n) for n in sorted(numbers)]
    chosen = data.draw(st.sampled_from(rows))
    way = data.draw(st.sampled_from(places.WAYS))
    found = places.neighbour(rows, chosen.id, way)
    at = rows.index(chosen)
    if (way, at) in (("up", 0), ("down", len(rows) - 1)):
        assert found is None
    else:
        assert found == (chosen, rows[at + (1 if way == "down" else -1)])
    assert places.next_place(rows) > max(row.place for row in rows)


def test_nothing_moves_that_is_not_there_or_in_no_known_way():
    rows = [Thing("a", 1), Thing("b", 2)]
    assert places.neighbour(rows, "c", "up") is None
    assert places.neighbour(rows, "a", "sideways") is None
    assert places.next_place([]) == 1
