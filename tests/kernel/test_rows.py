"""Rows of queries as dataclasses."""

from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db.paging import Key, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_each, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.people import service
from crowdfund.people.models import User, UserRole

U, R = User.__table__, UserRole.__table__


@dataclass(frozen=True, slots=True)
class Named:
    email: str
    id: str
    roles: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Given:
    person_id: str
    role: str
    email: str
    by: str


@pytest.fixture
def two(app):
    return [service.ensure_user(f"{name}@example.com", "") for name in ("alice", "bob")]


def test_a_dataclass_selects_its_columns_in_its_order(two):
    query = sa.select(*columns(Named, U)).order_by(U.c.email)
    assert [column.name for column in query.selected_columns] == ["email", "id"]
    expected = [Named("alice@example.com", two[0]), Named("bob@example.com", two[1])]
    assert read_all(Named, query) == list(read_each(Named, query)) == expected
    assert read_first(Named, query) == expected[0]


def test_columns_in_another_order_and_columns_without_a_field_do_no_harm(two):
    query = sa.select(U.c.id, U.c.phone, U.c.email).order_by(U.c.email)
    assert read_all(Named, query)[1] == Named("bob@example.com", two[1])
    by_id = (Key(U.c.id),)
    page = read_page(query, by_id, size=1, row=Named)
    assert page.rows == [Named("alice@example.com", two[0])]
    assert read_page(query, by_id, page.next, size=1, row=Named).rows[0].email == "bob@example.com"


def test_a_row_of_several_tables_names_what_has_another_name(two):
    found = columns(Given, R, U, by=R.c.given_by)
    assert [str(column) for column in found] == [
        "person_role.person_id",
        "person_role.role",
        "person.email",
        "person_role.given_by",
    ]
    assert [column.key for column in found] == ["person_id", "role", "email", "by"]


def test_a_row_that_is_missing_raises_what_was_said(two):
    query = sa.select(*columns(Named, U)).where(U.c.id == "nobody")
    assert read_first(Named, query) is None
    with pytest.raises(NotFound, match="There is no such person"):
        read_one(Named, query, NotFound("There is no such person."))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: columns(Given, R, U), "no table has a column by, which Given needs"),
        (lambda: columns(Named, U, nick=U.c.phone), "Named has no field nick"),
        (lambda: columns(str, U), "str is no dataclass"),
        (lambda: read_all(Named, sa.select(U.c.id)), "the query has no column email of Named"),
        (lambda: read_first(Named, sa.select(U.c.id)), "the query has no column email of Named"),
    ],
)
def test_a_row_and_a_query_that_do_not_fit_are_refused(two, make, message):
    with pytest.raises(TypeError, match=message):
        make()
