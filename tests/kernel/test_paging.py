"""Pages of a list: every row once, in order, whatever is inserted between two looks."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.db.paging import (
    MOST,
    START,
    Key,
    Page,
    Place,
    begins_with,
    count_up_to,
    counts_up_to,
    read_page,
    values_of,
)
from crowdfund.kernel.i18n import count
from crowdfund.kernel.outbox.models import Outbox

PACKAGE = Path(__file__).parents[2] / "crowdfund"
T = Outbox.__table__
T0 = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = {
    "newest first": (Key(T.c.id, is_descending=True),),
    "oldest first": (Key(T.c.not_before), Key(T.c.id)),
    "latest first": (Key(T.c.not_before, is_descending=True), Key(T.c.id, is_descending=True)),
    "by kind": (Key(T.c.kind), Key(T.c.id)),
    "most tries, then by kind": (Key(T.c.attempts, is_descending=True), Key(T.c.kind), Key(T.c.id)),
}
# Texts with the marks that a cursor itself is made of, or that an address would change.
KINDS = ["a", "a,b", "b%2C", "ü~+ &", "ሀ"]
ROWS = st.lists(
    st.tuples(st.integers(0, 999), st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 2)),
    max_size=14,
    unique_by=lambda row: row[0],
)


def insert(rows):
    """Insert rows of (number, kind, seconds, attempts);
    many share their seconds, kind and attempts."""
    db.session.execute(sa.delete(T).where(T.c.id.in_([f"{row[0]:032x}" for row in rows])))
    values = [
        {
            "id": f"{number:032x}",
            "queue": "default",
            "kind": kind,
            "key": f"{number}",
            "payload": {},
            "state": "due",
            "not_before": T0 + timedelta(seconds=seconds, microseconds=seconds),
            "created_at": T0,
            "attempts": attempts,
        }
        for number, kind, seconds, attempts in rows
    ]
    if values:
        db.session.execute(sa.insert(T), values)


def read(order, place=START, size=3):
    return read_page(sa.select(T), order, place, size=size)


def all_ids(order):
    columns = [key.column.desc() if key.is_descending else key.column for key in order]
    return [row.id for row in db.session.execute(sa.select(T.c.id).order_by(*columns))]


def walk(order, size, *, place=START, to="next", between=lambda: None):
    """Return the ids of each page from a place on."""
    pages = []
    while place is not None:
        page = read(order, place, size)
        pages.append([row.id for row in page.rows])
        place = getattr(page, to)
        between()
    return pages


def flat(pages):
    return [one for page in pages for one in page]


@pytest.mark.parametrize("name", ORDERS)
@given(rows=ROWS, size=st.integers(1, 5))
def test_walking_on_and_back_shows_every_row_once_in_order(app, name, rows, size):
    order = ORDERS[name]
    db.session.execute(sa.delete(T))
    insert(rows)
    onward = walk(order, size)
    assert flat(onward) == all_ids(order)
    assert all(len(page) == size for page in onward[:-1])
    last, place = None, START
    while place is not None:
        last, place = place, read(order, place, size).next
    backward = walk(order, size, place=last, to="previous")
    assert flat(reversed(backward)) == all_ids(order)
    rollback()


@pytest.mark.parametrize("name", ORDERS)
@given(rows=ROWS, new=ROWS, size=st.integers(1, 4))
def test_what_is_inserted_between_two_looks_neither_hides_nor_repeats_a_row(
    app, name, rows, new, size
):
    order = ORDERS[name]
    db.session.execute(sa.delete(T))
    known = {f"{row[0]:032x}" for row in rows}
    coming = [row for row in new if f"{row[0]:032x}" not in known]
    insert(rows)
    before = all_ids(order)
    seen = flat(walk(order, size, between=lambda: insert([coming.pop()]) if coming else None))
    assert [one for one in seen if one in known] == before
    assert len(seen) == len(set(seen))
    assert seen == [one for one in all_ids(order) if one in set(seen)]
    rollback()


@pytest.mark.parametrize("letter", ["ሀ", "ज़", ","])
def test_the_longest_names_lead_on_to_the_next_page(app, letter):
    insert([(number, "a", 0, 0) for number in range(3)])
    name = sa.literal((letter * 80)[:80] + " " + (letter * 80)[:80]).label("name")
    order = (Key(name), Key(T.c.id))
    first = read_page(sa.select(T, name), order, size=2)
    second = read_page(sa.select(T, name), order, first.next, size=2)
    assert [row.id for row in first.rows + second.rows] == all_ids(ORDERS["newest first"])[::-1]
    assert second.next is None


@given(rows=ROWS, size=st.integers(1, 5))
def test_several_queries_make_one_list(app, rows, size):
    db.session.execute(sa.delete(T))
    insert(rows)
    order, parts = (
        ORDERS["oldest first"],
        [sa.select(T).where(T.c.attempts == tries) for tries in (0, 1, 2)],
    )
    onward, last, place = [], None, START
    while place is not None:
        page = read_page(parts, order, place, size=size)
        onward, last, place = [*onward, [row.id for row in page.rows]], place, page.next
    assert flat(onward) == all_ids(order)
    back = read_page(parts, order, last, size=size).previous
    assert (
        len(onward) < 2
        or [row.id for row in read_page(parts, order, back, size=size).rows] == onward[-2]
    )
    rollback()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1,2,3",
        "",
        "-",
        "9" * 400,
        "1e5," + "0" * 32,
        "٣," + "0" * 32,
        "%00," + "0" * 32,
        "999999999999999999," + "0" * 32,
        "-999999999999999999," + "0" * 32,
        "0,%ff",
    ],
)
def test_a_place_that_cannot_be_read_is_the_first_page(app, text):
    insert([(number, "a", number, 0) for number in range(5)])
    order = ORDERS["oldest first"]
    for place in (Place(after=text), Place(before=text)):
        assert [row.id for row in read(order, place).rows] == all_ids(order)[:3]


def test_a_page_beyond_the_end_is_empty_and_leads_to_the_first(app):
    insert([(1, "a", 1, 0)])
    page = read(ORDERS["newest first"], Place(before="0" * 32))
    assert page == Page([], None, START)
    assert not page.has_more


def test_a_page_has_at_least_one_row_and_at_most_a_thousand(app):
    insert([(number, "a", 0, 0) for number in range(MOST + 2)])
    order = ORDERS["newest first"]
    assert [len(read(order, size=size).rows) for size in (-1, 0, 1, MOST, 10**9)] == [
        1,
        1,
        1,
        MOST,
        MOST,
    ]


def test_counting_stops_where_a_page_would_say_more(app):
    insert([(number, "a" if number else "b", 0, 0) for number in range(12)])
    kinds = {kind: sa.select(T).where(T.c.kind == kind) for kind in ("a", "b", "c")}
    assert counts_up_to(kinds, 5) == {"a": 6, "b": 1, "c": 0}
    assert counts_up_to(kinds, 11) == {"a": 11, "b": 1, "c": 0}
    assert count_up_to(sa.select(T)) == 12
    assert [count(number) for number in (0, 1_000, 1_001)] == ["0", "1,000", "1,000+"]


def test_the_values_of_a_column_come_once_and_in_order(app):
    assert values_of(T.c.kind) == []
    insert([(number, kind, 0, 0) for number, kind in enumerate(["b", "a", "b", "c", "a"])])
    assert values_of(T.c.kind) == ["a", "b", "c"]


@given(
    text=st.text("abz:-%_/", max_size=3), keys=st.sets(st.text("abz:-%_/", max_size=5), max_size=10)
)
def test_a_beginning_is_found_like_any_other_way(app, text, keys):
    db.session.execute(sa.delete(T))
    insert([(number, "a", 0, 0) for number in range(len(keys))])
    for number, key in enumerate(sorted(keys)):
        db.session.execute(sa.update(T).where(T.c.id == f"{number:032x}").values(key=f"key {key}"))
    found = db.session.scalars(sa.select(T.c.key).where(begins_with(T.c.key, f"key {text}")))
    assert set(found) == {f"key {key}" for key in keys if key.startswith(text)}
    assert begins_with(T.c.key, "").compare(sa.true())
    rollback()


def test_no_list_skips_rows_by_offset():
    """What OFFSET skips is read all the same;
    the last sample of an hour is one of a bounded few."""
    allowed = {"payments/service/refusals.py", "campaigns/listing.py"}
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"\.offset\(", path.read_text())
    }
    assert found <= allowed


def test_a_commit_between_two_looks_is_no_matter(app):
    insert([(number, "a", 0, 0) for number in range(4)])
    commit()
    order = ORDERS["newest first"]
    first = read(order, size=2)
    insert([(9, "a", 0, 0)])
    commit()
    assert [row.id[-1] for row in read(order, first.next, size=2).rows] == ["1", "0"]
    assert [row.id[-1] for row in read(order, read(order, first.next, size=2).previous).rows] == [
        "9",
        "3",
        "2",
    ]


def test_a_key_of_an_unknown_type_is_refused(app):
    with pytest.raises(TypeError, match="no type that is a key"):
        Key(sa.func.lower(T.c.id).label("name"))
