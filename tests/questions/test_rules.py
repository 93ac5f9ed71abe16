"""What a question and an answer hold, how often one may ask, how a name is shown."""

from datetime import UTC, datetime, timedelta

import pytest

from crowdfund.campaigns.rules import life
from crowdfund.kernel.errors import Conflict, Invalid, TooMany, WrongState
from crowdfund.questions import rules
from crowdfund.questions.rows import Asked
from crowdfund.questions.rules import Status

NOW = datetime(2026, 6, 15, 8, tzinfo=UTC)


def asked(*minutes_ago):
    return [Asked("c", f"{one}", NOW - timedelta(minutes=one)) for one in minutes_ago]


@pytest.mark.parametrize("status", list(life.Status))
def test_people_ask_only_about_a_live_campaign_of_others(status):
    if status == life.Status.LIVE:
        rules.check_campaign(status, is_own=False)
        with pytest.raises(Conflict):
            rules.check_campaign(status, is_own=True)
    else:
        with pytest.raises(WrongState):
            rules.check_campaign(status, is_own=False)


def test_a_status_moves_only_as_the_table_says():
    for before in Status:
        for after in Status:
            if after in rules.TRANSITIONS[before]:
                assert rules.move(before, after) == after
            else:
                with pytest.raises(WrongState):
                    rules.move(before, after)


def test_three_questions_in_an_hour_are_the_most():
    rules.check_pace(asked(1, 2), NOW)
    rules.check_pace(asked(1, 2, 60), NOW)
    with pytest.raises(TooMany):
        rules.check_pace(asked(1, 2, 59), NOW)


def test_ten_questions_in_a_day_are_the_most():
    rules.check_pace(asked(*range(100, 1000, 100)), NOW)
    with pytest.raises(TooMany):
        rules.check_pace(asked(*range(100, 1100, 100)), NOW)


def test_the_same_question_is_not_asked_twice_about_one_campaign():
    before = [Asked("c", "How many?", NOW)]
    rules.check_new(before, "d", "How many?")
    rules.check_new(before, "c", "How few?")
    with pytest.raises(Conflict):
        rules.check_new(before, "c", "How many?")


@pytest.mark.parametrize("length", [10, 1_000])
def test_a_question_of_the_least_and_the_most_characters_is_taken(length):
    assert rules.clean_question("አ" * length) == "አ" * length


@pytest.mark.parametrize(
    "text", ["", "\n", "x" * 9, "x" * 1_001, "Is <b>this</b> bold?", "a\u202eb" * 5]
)
def test_a_question_is_plain_text_of_10_to_1000_characters(text):
    with pytest.raises(Invalid) as refused:
        rules.clean_question(text)
    assert refused.value.field == "text"


@pytest.mark.parametrize("text", ["", "x", "x" * 3_001, "<script>"])
def test_an_answer_is_plain_text_of_2_to_3000_characters(text):
    with pytest.raises(Invalid) as refused:
        rules.clean_answer(text)
    assert refused.value.field == "answer"


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("Hanna", "Desta", "Hanna D."),
        ("Hanna Marie", "Desta", "Hanna D."),
        ("Hanna", "", "Hanna"),
        ("", "Desta", "D."),
        ("", "", ""),
        ("ሐና", "ደስታ", "ሐና ደ."),
        ("कमला", "शर्मा", "कमला श."),
        ("रवि", "कृष्णन", "रवि कृ."),
    ],
)
def test_a_name_is_the_first_name_and_the_initial_in_every_script(first, last, shown):
    assert rules.public_name(first, last) == shown
