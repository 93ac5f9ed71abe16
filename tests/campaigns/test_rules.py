"""Rules of campaigns: limits, shares, success by arithmetic, what a story may hold."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.campaigns.rules import drafts, life
from crowdfund.campaigns.rules import terms as terms_rules
from crowdfund.campaigns.rules.life import Status, Tally
from crowdfund.campaigns.rules.terms import DEFAULT_LIMITS
from crowdfund.kernel import money
from crowdfund.kernel.errors import Invalid, WrongState
from tests import raising

END = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
GOAL = 1_000_000


def tally(settled, reserved=None, goal=GOAL):
    return Tally(
        goal_minor=goal,
        threshold_bps=7500,
        reserved_minor=reserved or settled,
        settled_minor=settled,
        ends_at=END,
    )


@pytest.mark.parametrize(
    ("settled", "goal", "success"),
    [
        (749_999, GOAL, False),
        (750_000, GOAL, True),
        (GOAL, GOAL, True),
        (0, GOAL, False),
        (2, 3, False),
        (3, 3, True),
    ],
)
def test_success_is_settled_money_against_the_threshold(settled, goal, success):
    assert life.is_success(settled, goal, 7500) is success
    assert (settled >= life.threshold_minor(goal, 7500)) is success


@given(st.integers(1, 10**12), st.integers(1, 10_000))
def test_the_threshold_amount_is_the_least_that_succeeds(goal, bps):
    least = life.threshold_minor(goal, bps)
    assert life.is_success(least, goal, bps)
    assert not life.is_success(least - 1, goal, bps)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("settled", "reserved", "after", "verdict"),
    [
        (GOAL, GOAL, -DAY, "open"),
        (750_000, 750_000, timedelta(0), "open"),
        (750_000, 750_000, timedelta(microseconds=1), "succeeded"),
        (749_999, 749_999, timedelta(seconds=1), "failed"),
        (700_000, 760_000, DAY, "awaiting"),
        (800_000, 900_000, DAY, "awaiting"),
        (700_000, 760_000, 5 * DAY, "awaiting"),
        (700_000, 760_000, 5 * DAY + timedelta(seconds=1), "failed"),
        (750_000, 760_000, 6 * DAY, "succeeded"),
    ],
)
def test_money_on_its_way_at_the_deadline_gets_five_days(settled, reserved, after, verdict):
    assert life.verdict(tally(settled, reserved), END + after, grace_days=5) == verdict


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=30), "30 days left"),
        (timedelta(days=1, hours=3), "1 day left"),
        (timedelta(hours=23), "23 hours left"),
        (timedelta(minutes=59), "less than an hour left"),
        (timedelta(0), "ended"),
    ],
)
def test_time_left_is_said_in_words(left, words):
    assert life.time_left(END, END - left) == words


def test_the_year_is_the_platforms_own():
    late = datetime(2026, 12, 31, 21, 30, tzinfo=UTC)
    assert life.calendar_year(late, "Africa/Addis_Ababa") == 2027
    assert life.calendar_year(late, "UTC") == 2026


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("goal_minor", "999.99"),
        ("goal_minor", "5,000,000.01"),
        ("goal_minor", "1e9"),
        ("goal_minor", "NaN"),
        ("goal_minor", "-1000"),
        ("goal_minor", ""),
        ("goal_minor", "<b>5000</b>"),
        ("goal_minor", "9" * 400),
        ("goal_minor", "1000.001"),
        ("price_minor", "0"),
        ("price_minor", "20000"),
        ("min_minor", "99.99"),
        ("min_minor", "150"),
        ("max_minor", "99"),
        ("max_minor", "10,000.01"),
        ("max_minor", "50"),
        ("duration_days", "29"),
        ("duration_days", "181"),
        ("duration_days", "thirty"),
        ("duration_days", "30.5"),
        ("duration_days", "-30"),
        ("duration_days", ""),
    ],
)
def test_terms_outside_the_limits_get_a_sentence_at_their_field(field, typed):
    _, errors = terms_rules.clean_terms(raising.TERMS | {field: typed}, DEFAULT_LIMITS)
    assert errors[field].endswith(".")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"goal_minor": "1,000"} | {"max_minor": "1,000"},
        {"goal_minor": "5,000,000"},
        {"duration_days": "180"},
        {"duration_days": "٣٠"},
        {"max_minor": "100"},
        {"price_minor": "12.50"},
    ],
)
def test_terms_at_the_limits_are_taken(change):
    assert terms_rules.clean_terms(raising.TERMS | change, DEFAULT_LIMITS)[1] == {}


SHARE = {"price_minor": 10_000, "min_minor": 20_000, "max_minor": 50_000}


@pytest.mark.parametrize(
    ("amount", "already", "room", "word"),
    [
        (20_000, 0, GOAL, None),
        (50_000, 0, GOAL, None),
        (60_000, 0, GOAL, "at most"),
        (10_000, 0, GOAL, "minimum"),
        (10_000, 20_000, GOAL, None),
        (40_000, 20_000, GOAL, "at most"),
        (25_000, 0, GOAL, "multiple"),
        (10_000, 0, 10_000, None),
        (20_000, 0, 10_000, "Only"),
        (10_000, 0, 0, "Nothing"),
    ],
)
def test_an_investment_is_whole_shares_between_minimum_and_maximum(amount, already, room, word):
    found = terms_rules.check_investment(
        amount, already_minor=already, terms=SHARE, room_minor=room
    )
    assert (found is None) if word is None else (word in found)


def test_the_terms_hash_changes_with_every_term():
    terms = dict.fromkeys(terms_rules.TERMS, 1)
    assert len({terms_rules.terms_hash(terms | {name: 2}) for name in terms_rules.TERMS}) == len(
        terms_rules.TERMS
    )


@given(st.integers(1, 10**12))
def test_fee_and_remainder_add_up_and_equal_the_contracts_integers(total):
    fee = money.fee(total, 250)
    # The contract floors in token units to the granularity of one minor unit.
    assert fee * 10_000 == total * 10_000 * 250 // 10_000 // 10_000 * 10_000
    assert 0 <= total - fee <= total


@pytest.mark.parametrize(
    "story",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://evil.example/track.gif)",
        "<iframe src=//evil></iframe>",
        '<a href="https://a.b" onclick="x()">a</a>',
        "[a](vbscript:x)",
        "<style>*{}</style>",
        "```\n</code></pre><script>x</script>\n```",
        "[x](<javascript:alert(1)>)",
        "<svg/onload=alert(1)>",
    ],
)
def test_no_story_brings_markup_of_its_own(story):
    found = Markup()
    found.feed(drafts.story_html(story))
    assert found.tags <= {"p", "a", "pre", "code"}
    assert {name for name, _ in found.attributes} <= {"href", "rel"}
    assert all(value.startswith("https://") for name, value in found.attributes if name == "href")


class Markup(HTMLParser):
    """Collects what a browser would see as tags and attributes."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


def test_a_story_keeps_what_markdown_is_for():
    html = drafts.story_html(
        "# Why\n\n**Bold** and [a farm](https://farm.example)\n\n|a|b|\n|-|-|\n|1|2|"
    )
    assert "<h3>Why</h3>" in html
    assert "<strong>Bold</strong>" in html
    assert 'rel="nofollow noopener ugc"' in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "story", ["", " \n ", "short", "x" * 20_001, "a" * 100 + "\x00", "a" * 100 + "\u202e"]
)
def test_a_story_that_cannot_be_kept_gets_a_sentence(story):
    with pytest.raises(Invalid):
        drafts.parse_story(story)


def test_states_lead_where_the_rules_say():
    ways = {(a, b) for a, targets in life.TRANSITIONS.items() for b in targets}
    assert (Status.LIVE, Status.RELEASED) not in ways
    assert (Status.FAILED, Status.RELEASED) not in ways
    assert {b for a, b in ways if a == Status.LIVE} == {
        Status.SUCCEEDED,
        Status.FAILED,
        Status.CANCELLED,
    }
    assert {a for a, b in ways if b == Status.CANCELLED} == {
        "draft",
        "submitted",
        "approved",
        "live",
    }
    with pytest.raises(WrongState):
        life.move("released", Status.REFUNDED)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("A second  Roaster!", "a-second-roaster"),
        ("ቡና", ""),
        ("../etc", "etc"),
        ("Café", "cafe"),
        ("Cafe\u0301 ÉLODIE", "cafe-elodie"),
        ("Smørrebrød & Straße", "smorrebrod-strasse"),
        ("Łódź ʼn İzmir", "lodz-n-izmir"),
        ("ｗｉｄｅ №１", "wide-no1"),
    ],
)
def test_an_address_is_made_of_plain_letters(title, slug):
    assert drafts.slugify(title) == slug


def test_an_empty_first_page_of_a_draft_says_what_to_enter_in_each_field():
    good, errors = drafts.clean_basics({})
    assert good == {}
    assert errors == {
        "title": "Enter a title.",
        "summary": "Enter a summary.",
        "sector": "Choose a sector from the list.",
        "security_type": "Choose what investors get from the list.",
    }
