"""Which terms may change, how long investors have, which steps exist, what a difference says."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.campaigns.rules.terms import CONTRACT_GRACE, RECORDING_MARGIN
from crowdfund.kernel.errors import Invalid, InvalidFields, WrongState
from crowdfund.term_changes.rules import diffs, life, terms
from crowdfund.term_changes.rules.life import Answer, Status
from tests import raising

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("after", list(Status))
def test_a_change_takes_only_the_steps_that_exist(before, after):
    if after in life.TRANSITIONS[before]:
        assert life.move(before, after) == after
    else:
        with pytest.raises(WrongState):
            life.move(before, after)


def test_what_is_in_force_never_goes_back():
    for status in (Status.RECONFIRMING, Status.FINISHED, Status.CORRECTED, Status.WITHDRAWN):
        assert not life.TRANSITIONS[status] & {Status.DRAFT, Status.SUBMITTED, Status.WITHDRAWN}


@pytest.mark.parametrize("before", list(Answer))
@pytest.mark.parametrize("after", list(Answer))
def test_an_answer_takes_only_the_steps_that_exist(before, after):
    if after in life.ANSWERS[before]:
        assert life.move_answer(before, after) == after
    else:
        with pytest.raises(life.AnswerTooLate):
            life.move_answer(before, after)


def test_an_investment_that_is_kept_is_never_asked_about_again():
    assert life.ANSWERS[Answer.KEPT] == set()


@pytest.mark.parametrize(
    ("after", "is_over"), [(-SECOND, False), (0 * SECOND, False), (SECOND, True)]
)
def test_the_due_second_itself_counts(after, is_over):
    due_at = life.due(NOW)
    assert due_at == NOW + timedelta(hours=120)
    assert life.is_over(due_at, due_at + after) is is_over


def test_the_due_moment_is_a_whole_second_and_never_less_than_five_days():
    now = NOW.replace(microsecond=1)
    assert life.due(now) == NOW + SECOND + timedelta(days=5)


@pytest.mark.parametrize(
    ("after", "is_possible"), [(-SECOND, True), (0 * SECOND, True), (SECOND, False)]
)
def test_a_material_change_is_possible_until_the_deadline(after, is_possible):
    if is_possible:
        life.check_material(NOW + after, NOW)
    else:
        with pytest.raises(WrongState, match="deadline of this campaign has passed"):
            life.check_material(NOW + after, NOW)


@given(
    asked=st.integers(0, 40 * 86_400),
    later=st.integers(0, 40 * 86_400),
    runs=st.integers(30, 180),
)
def test_late_money_has_its_own_time_and_the_contract_can_still_be_closed(asked, later, runs):
    ends_at = NOW + runs * DAY
    asked_at = min(NOW + asked * SECOND, ends_at)
    now = min(asked_at + later * SECOND, ends_at + 7 * DAY)
    general = life.due(asked_at)
    due_at = life.late_due(now, general, ends_at)
    assert due_at >= general
    assert due_at >= now or general < now == due_at
    assert due_at <= ends_at + CONTRACT_GRACE - RECORDING_MARGIN


# --- what differs ---------------------------------------------------------------------------------

WORDS = st.text(alphabet="ab \n", max_size=60)


@given(before=WORDS, after=WORDS)
def test_a_difference_holds_both_texts_whole(before, after):
    pieces = diffs.compare(before, after)
    assert "".join(one.text for one in pieces if one.kind != "added") == before
    assert "".join(one.text for one in pieces if one.kind != "removed") == after
    assert diffs.is_same(pieces) == (before == after)


def test_a_difference_names_the_words_that_changed():
    pieces = diffs.compare(
        "We buy a new roaster.\nAnd beans.", "We buy a used roaster.\nAnd beans."
    )
    assert [(one.kind, one.text) for one in pieces] == [
        ("same", "We buy a "),
        ("removed", "new "),
        ("added", "used "),
        ("same", "roaster.\nAnd beans."),
    ]


@pytest.mark.parametrize("part", ["a ", "a\n", "ab ba \n"])
def test_the_longest_texts_are_compared_in_a_moment(part):
    before = part * (20_000 // len(part))
    after = "b " + before[: len(before) // 2] + "c " + before[len(before) // 2 :]
    begun = time.process_time()
    pieces = diffs.compare(before, after)
    assert time.process_time() - begun < 5
    assert not diffs.is_same(pieces)


def test_terms_of_a_loan_differ_in_words():
    before = {
        "summary": "s",
        "story_md": "t",
        "interest_bps": 1_000,
        "term_months": 12,
        "repayment": "end",
    }
    found = terms.differences("debt", before, before | {"interest_bps": 800})
    assert [one.label for one in found] == ["Interest rate"]
    assert any("8" in piece.text for piece in found[0].pieces if piece.kind == "added")


# --- which terms ----------------------------------------------------------------------------------

GOOD = {
    "summary": raising.BASICS["summary"],
    "story_md": raising.STORY,
    "reason": "A mistake in the text.",
}


@pytest.mark.parametrize("kind", ["equity", "debt", "revenue_share"])
def test_what_is_in_the_contract_is_never_among_the_terms_that_change(kind):
    fixed = {
        "goal_minor", "min_minor", "max_minor", "price_minor", "duration_days", "ends_at",
        "threshold_bps", "fee_bps", "currency", "company_id", "title", "security_type",
    }  # fmt: skip
    assert not fixed & set(terms.names(kind))


def test_an_amount_that_is_sent_along_changes_nothing():
    good, _reason = terms.clean("equity", {**GOOD, "goal_minor": "1", "price_minor": "1"})
    assert set(good) == {"summary", "story_md"}


@pytest.mark.parametrize(
    ("field", "text"), [("summary", "short"), ("story_md", "too short"), ("reason", "why")]
)
def test_each_field_has_its_sentence(field, text):
    with pytest.raises(InvalidFields) as error:
        terms.clean("equity", GOOD | {field: text})
    assert list(error.value.errors) == [field]


def test_a_loan_asks_for_its_terms():
    with pytest.raises(InvalidFields) as error:
        terms.clean("debt", GOOD)
    assert set(error.value.errors) == {"interest_bps", "term_months", "repayment"}


def test_a_change_that_changes_nothing_is_refused():
    with pytest.raises(Invalid, match="Nothing differs"):
        terms.check_differs({"summary": "s"}, {"summary": "s"})
