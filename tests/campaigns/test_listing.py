"""The public list: what plain Python would show, on each page, at the same cost however long."""

from contextlib import contextmanager
from itertools import product

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdfund.campaigns import listing
from crowdfund.campaigns.models import Campaign, CampaignCount, CampaignListing
from crowdfund.campaigns.rules import addresses
from crowdfund.kernel.db import commit, db, rollback
from tests import raising
from tests.campaigns import many
from tests.campaigns.many import Made
from tests.emptying import empty_tables

WORDS = (
    "coffee roaster",
    "ቡና ላኪ",
    "सौर ऊर्जा",
    "50%_off",
    'it\'s "new"',
    "o!neill",
    "ab",
    "*",
    "a" * 90,
)
TEXTS = ("", "o", "ff", "fee ro", "ቡና", "ና ላ", "सौर", "ऊर्जा", "%", "_", "0%_", "'", '"', '"new"',
         "!", "* ", "ab", "a" * 80, "NOT", "coffee OR", "no such", "\\", "x'); --")  # fmt: skip
MOMENTS = st.integers(0, 5)  # few, so that many are equal
campaigns = st.lists(
    st.builds(
        Made,
        status=st.sampled_from(["draft", "submitted", "deploying", *many.STATES]),
        sector=st.sampled_from([None, "energy", "agriculture"]),
        starts=st.none() | MOMENTS,
        ends=MOMENTS,
        settled=st.sampled_from([0, 1, 333_33, 500_00, 999_99, 1_000_00]),
        text=st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
    ),
    max_size=25,
)

CHANGEABLE = (
    "status",
    "sector",
    "starts_at",
    "ends_at",
    "settled_minor",
    "reserved_minor",
    "search_text",
)
campaigns_changes = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["draft", *many.STATES]),
        "sector": st.sampled_from(["energy", "agriculture"]),
        "starts": st.none() | MOMENTS,
        "ends": MOMENTS,
        "settled": st.sampled_from([0, 1, 500_00, 1_000_00]),
        "text": st.sampled_from(WORDS),
    },
)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(listing, "PAGE_SIZE", 3)


def ask(**values):
    values = {"sort": "newest", **values}
    return listing.page(addresses.asked({name: str(value) for name, value in values.items()}))


def ids(page):
    return [row.id for row in page.rows]


def forward(**values):
    """Return the pages from the first to the last, by the addresses that they give."""
    pages = [ask(**values)]
    while pages[-1].following:
        pages.append(ask(**values, page=len(pages) + 1, after=pages[-1].following))
        assert len(pages) < 30, "the pages lead nowhere"
    return pages


def backward(last, **values):
    """Return the pages from a last one to the first, by the addresses that they give."""
    pages = [last]
    while pages[-1].previous:
        number = pages[-1].number - 1
        pages.append(ask(**values, page=number, before=pages[-1].previous))
        assert len(pages) < 30, "the pages lead nowhere"
    return pages


def check(made, *, is_counted=True, **filters):
    """Compare every page of a list, both ways and by number alone, with the model."""
    text, state = filters.get("q", ""), filters.get("status", "")
    sector, sort = filters.get("sector", ""), filters.get("sort", "newest")
    model = many.expected(made, text=addresses.folded(text), state=state, sector=sector, sort=sort)
    size = listing.PAGE_SIZE
    parts = [model[first : first + size] for first in range(0, len(model), size)] or [[]]
    pages = forward(**filters)
    assert [ids(page) for page in pages] == parts
    assert [ids(page) for page in backward(pages[-1], **filters)] == parts[::-1]
    assert [ids(ask(**filters, page=number)) for number in range(1, len(parts) + 1)] == parts
    for number in (len(parts) + 1, 99, 9_999):  # beyond the end is the last page
        beyond = ask(**filters, page=number)
        assert (ids(beyond), beyond.number) == (parts[-1], len(parts))
        assert beyond.following is None
    for page in pages:
        if page.is_counted and page.rows:
            assert (page.total, page.first) == (len(model), (page.number - 1) * size + 1)
    assert is_counted is False or all(page.is_counted for page in pages)


# --- the model ------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    made=campaigns,
    filters=st.fixed_dictionaries(
        {
            "q": st.sampled_from(TEXTS),
            "status": st.sampled_from(["", *addresses.STATES]),
            "sector": st.sampled_from(["", "energy", "agriculture"]),
            "sort": st.sampled_from(list(addresses.COLUMNS)),
        }
    ),
    most=st.sampled_from([2, 1_000]),
)
def test_every_page_is_what_plain_python_shows(app, monkeypatch, made, filters, most):
    monkeypatch.setattr(listing, "MOST_FOUND", most)
    empty_tables()
    many.insert(made)
    check(made, is_counted=most == 1_000, **filters)
    check(made, is_counted=most == 1_000, **filters)  # from what is remembered
    check(made)


@settings(max_examples=25)
@given(
    made=campaigns, changes=st.lists(st.tuples(st.integers(0, 24), campaigns_changes), max_size=8)
)
def test_whoever_changes_a_campaign_changes_the_list_and_the_counts(app, made, changes):
    empty_tables()
    many.insert(made)
    order = [one for one in made if one.state]
    for number, values in changes:
        if number >= len(made):
            continue
        one = made[number]
        for name, value in values.items():
            setattr(one, name, value)
        row = one.row("")
        many.update(one, **{name: row[name] for name in CHANGEABLE})
        if one.state is None and one in order:
            order.remove(one)
        elif one.state and one not in order:
            order.append(one)
    for sort in addresses.COLUMNS:
        check(order, sort=sort)
    check(order, q="coffee", status="live")
    compare_counts()


def compare_counts():
    """Compare the counts with the list, and the list with the campaigns."""
    table, counts = CampaignListing.__table__, CampaignCount.__table__
    grouped = sa.select(table.c.state, table.c.sector, sa.func.count()).group_by(
        table.c.state, table.c.sector
    )
    kept = sa.select(counts.c.state, counts.c.sector, counts.c.number).where(counts.c.number != 0)
    assert {tuple(row) for row in db.session.execute(kept)} == {
        tuple(row) for row in db.session.execute(grouped)
    }
    rollback()


def test_a_campaign_that_is_removed_leaves_the_list(app):
    gone, stays = Made(text="coffee"), Made(text="coffee")
    many.insert([gone, stays])
    assert ids(ask(q="coffee")) == [stays.id, gone.id]
    db.session.execute(sa.delete(Campaign.__table__).where(Campaign.__table__.c.id == gone.id))
    commit()
    assert ids(ask(q="coffee")) == ids(ask()) == [stays.id]
    compare_counts()


def test_campaigns_that_are_open_come_first_unless_somebody_sorts_otherwise(app):
    over = Made(status="released", starts=9, ends=1)
    late, soon = Made(starts=1, ends=5), Made(starts=0, ends=3)
    many.insert([over, late, soon])
    assert ids(listing.page(addresses.asked({}))) == [soon.id, late.id, over.id]
    assert ids(ask()) == [over.id, late.id, soon.id]


def test_the_states_of_the_list_are_those_of_its_badges(app):
    made = [Made(status=status) for status in addresses.STATE_OF]
    many.insert(made)
    for one in made:
        state = addresses.STATE_OF[one.status]
        assert one.id in ids(ask(status=state, page=1)) + ids(ask(status=state, page=2))


# --- while the list changes -----------------------------------------------------------------------


def test_a_campaign_that_becomes_live_is_counted_and_found_at_once(cast):
    first = raising.live_campaign(cast.company, cast.alice, cast.carla)
    company = raising.registered_company(cast.bob, cast.carla, 7)
    assert (
        ask(q="roaster").total,
        ask().total,
        ask(status="live", sector="agriculture").total,
    ) == (1, 1, 1)
    second = raising.live_campaign(company, cast.bob, cast.carla)
    for page in (ask(q="roaster"), ask(), ask(status="live", sector="agriculture")):
        assert (ids(page), page.total) == ([second, first], 2)


def test_a_campaign_that_comes_between_two_pages_is_shown_neither_twice_nor_instead_of_another(app):
    made = [Made(starts=number, text="coffee") for number in range(7)]
    for text in ("", "coffee"):
        empty_tables()
        many.insert(made)
        first = ask(q=text)
        many.insert([Made(starts=99, text="coffee")])
        second = ask(q=text, page=2, after=first.following)
        third = ask(q=text, page=3, after=second.following)
        assert ids(first) + ids(second) + ids(third) == [one.id for one in reversed(made)]
        assert (third.first, third.last, third.total) == (8, 8, 8)


def test_a_campaign_that_leaves_between_two_pages_hides_no_other(app):
    made = [Made(starts=number) for number in range(8)]
    many.insert(made)
    newest = made[::-1]
    first = ask(status="live")
    many.update(newest[0], status="failed")
    second = ask(status="live", page=2, after=first.following)
    assert ids(second) == [one.id for one in newest[3:6]]
    third = ask(status="live", page=3, after=second.following)
    assert ids(third) == [one.id for one in newest[6:]]
    assert (third.first, third.last, third.total) == (6, 7, 7)


def test_the_way_back_past_campaigns_that_are_gone_ends_on_the_first_page(app):
    made = [Made(starts=number) for number in range(8)]
    many.insert(made)
    third = forward(status="live")[2]
    for one in made[::-1][:2]:
        many.update(one, status="failed")
    second = ask(status="live", page=2, before=third.previous)
    assert (second.number, ids(second)) == (2, [one.id for one in made[::-1][3:6]])
    first = ask(status="live", page=1, before=second.previous)
    assert (first.number, ids(first)) == (1, [one.id for one in made[::-1][2:5]])
    for one in made[::-1][2:5]:
        many.update(one, status="failed")
    again = ask(status="live", page=2, before=third.previous)
    assert (again.number, again.first, ids(again)) == (1, 1, [one.id for one in made[::-1][5:]])


def test_money_moves_a_campaign_in_a_search_that_is_remembered(app):
    small, large = Made(settled=100_00, text="coffee"), Made(settled=200_00, text="coffee")
    many.insert([small, large])
    assert ids(ask(q="coffee", sort="funded")) == [large.id, small.id]
    many.update(small, settled_minor=900_00, reserved_minor=900_00)
    assert ids(ask(q="coffee", sort="funded")) == [small.id, large.id]


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", list(addresses.COLUMNS))
@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "-",
        "1",
        "1-2-3-4",
        "-1-2",
        "1-x",
        "٣-٤",
        "9" * 30 + "-1",
        "1.5-2",
        "'-'",
        "0-0-0-0-0",
    ],
)
def test_a_key_that_is_none_counts_as_not_given(app, sort, token):
    many.insert([Made(starts=number) for number in range(5)])
    for name in ("after", "before"):
        assert ids(ask(sort=sort, page=2, **{name: token})) == ids(ask(sort=sort, page=2))


@pytest.mark.parametrize("sort", list(addresses.COLUMNS))
def test_a_key_far_outside_of_the_list_is_no_error(app, sort):
    many.insert([Made(starts=number, text="coffee") for number in range(5)])
    far = "-".join(["9" * 17] * len(addresses.COLUMNS[sort]))
    near = "-".join(["0"] * len(addresses.COLUMNS[sort]))
    for text, token in product(("", "coffee"), (far, near)):
        assert len(ask(q=text, sort=sort, page=2, after=token).rows) in (0, 3)
        assert len(ask(q=text, sort=sort, page=2, before=token).rows) == 3


def test_the_pages_of_the_site_lead_on_and_back_by_key(client, app):
    """A page number alone, as people have kept it, still counts from the top."""
    many.insert([Made(starts=number) for number in range(12)])
    second = client.get("/campaigns?page=2&sort=ending").text
    assert "4 to 6 of 12" in second
    third = client.get(address(second, "next"))
    assert "after=" in address(second, "next")
    assert "sort=ending" in address(second, "next")
    assert "7 to 9 of 12" in third.text
    back = address(third.text, "prev")
    assert "before=" in back
    assert "4 to 6 of 12" in client.get(back).text
    assert address(second, "prev") == "/campaigns?sort=ending"


def test_a_search_that_finds_very_many_is_counted_no_further(client, app, monkeypatch):
    monkeypatch.setattr(listing, "MOST_FOUND", 4)
    many.insert([Made(starts=number, text="coffee") for number in range(7)])
    page = client.get("/campaigns?q=coffee").text
    assert "1 to 3 of more than 4" in page
    assert "4 to 6 of more than 4" in client.get(address(page, "next")).text


def address(page, rel):
    return page.split(f'rel="{rel}" href="')[1].split('"')[0].replace("&amp;", "&")


# --- cost -----------------------------------------------------------------------------------------


@pytest.fixture
def steps(app, database_kind):
    """Count the instructions of SQLite's machine in a block."""
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL does not count its work; benchmarks/growth.py measures it")

    @contextmanager
    def counting():
        counted = [0]

        def count():
            counted[0] += 1
            return 0

        lent = db.engine.raw_connection()
        lent.dbapi_connection.set_progress_handler(count, 1)
        lent.close()  # the pool lends the connection used last
        yield counted
        lent = db.engine.raw_connection()
        lent.dbapi_connection.set_progress_handler(None, 1)
        lent.close()

    return counting


def filling(first, last):
    """Return campaigns of which a third is of each state and half of each sector."""
    statuses, sectors = ("live", "released", "failed"), ("energy", "agriculture")
    return [
        Made(
            status=statuses[number % 3],
            sector=sectors[number % 2],
            starts=number,
            ends=number * 7 % 1_000,
            settled=number * 17 % 1_000_00,
            text=f"coffee number {number}." + " ቡና ላኪ" * (number in (7, 8)),
        )
        for number in range(first, last)
    ]


ASKED = [
    {"sort": sort, "status": status, "sector": sector}
    for sort, status, sector in product(addresses.COLUMNS, ("", "live"), ("", "energy"))
] + [{"q": "coffee"}, {"q": "ቡና"}, {"q": "ላኪ"}, {"q": "umber 8."}]


def test_no_page_costs_more_because_there_are_more_campaigns(steps, monkeypatch):
    monkeypatch.setattr(listing, "MOST_FOUND", 20)
    many.insert(filling(0, 60))
    before = [cost(steps, asked) for asked in ASKED]
    many.insert(filling(60, 1_500))
    after = [cost(steps, asked) for asked in ASKED]
    assert min(before) > 50
    grown = [(asked, a, b) for asked, a, b in zip(ASKED, before, after, strict=True) if b > 1.5 * a]
    assert grown == []


def cost(steps, asked):
    """Return the instructions of a page in the middle of a list, reached by its key."""
    page = ask(**asked)
    if page.following:
        asked = {**asked, "page": 2, "after": page.following}
        ask(**asked)
    with steps() as counted:
        ask(**asked)
    return counted[0]


# --- what a search finds --------------------------------------------------------------------------

FOUND = {
    "A second roaster for Yirga": [
        "second",
        "ROASTER",
        "oast",
        "d r",
        "a s",
        "ga",
        "  second   roaster ",
    ],
    "ለቡና አምራቾች አዲስ ማሽን": ["ቡና", "ለቡና", "አምራ", "ና አም", "ማሽን", "ን"],
    "सौर ऊर्जा से सिंचाई": ["सौर", "ऊर्जा", "र ऊ", "सिंच", "ाई"],
    "50% off: o'neill's \"new\" farm_house!": [
        "50%",
        "%",
        "o'n",
        "'s \"",
        '"new"',
        "farm_house",
        "_",
        "e!",
        "!",
    ],
    "STRASSE und Straße": ["straße", "strasse", "STRASSE UND"],
    "AND OR NOT NEAR(a b) * ^ -": ["and or", "not near(a", "* ^", "(a b)", "-", "^ -"],
}
NOT_FOUND = [
    "zzz",
    "%%",
    "__",
    "roaster second",
    "ቡ ና",
    "सौरऊर्जा",
    "a%r",
    "s_cond",
    '""',
    "roast*",
    "sec?nd",
    "\\",
]


@pytest.mark.parametrize("most", [1, 1_000])
def test_a_search_finds_every_part_of_a_text_in_every_script_and_nothing_else(
    app, monkeypatch, most
):
    monkeypatch.setattr(listing, "MOST_FOUND", most)
    made = {title: Made(text=" ".join(title.casefold().split())) for title in FOUND}
    many.insert(made.values())
    for title, searches in FOUND.items():
        for text in searches:
            everything = [id_ for page in forward(q=text) for id_ in ids(page)]
            assert made[title].id in everything, text
            assert all(
                addresses.folded(text) in one.text for one in made.values() if one.id in everything
            )
    for text in NOT_FOUND:
        assert ids(ask(q=text)) == [], text


def test_a_search_of_blanks_is_none(app):
    many.insert([Made(text="coffee")])
    assert ask(q="   ").total == 1


def test_a_text_that_changes_is_found_by_its_new_words_only(app):
    one = Made(text="coffee roaster")
    many.insert([one])
    assert ids(ask(q="roaster")) == [one.id]
    many.update(one, search_text="solar pump")
    assert ids(ask(q="roaster")) == ids(ask(q="ro")) == []
    assert ids(ask(q="solar")) == ids(ask(q="so")) == ids(ask(q="mp")) == [one.id]
