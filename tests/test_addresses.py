"""Numbers and days in addresses: what no column can hold is refused with a clear message,
never a crash."""

import pytest

from crowdfund.kernel import access
from tests.test_matrix import RULES, SAFE_ONES, world  # noqa: F401 - a fixture

MOST = 2**63 - 1
HUGE = ("9" * 19, "9" * 26, "9" * 5_000, "-" + "9" * 26)
# What lists ask for in the query string, each with values at and beyond the edge of what can be
# stored.
ASKED = {
    "before": (*HUGE, "9" * 9 + "-" + "9" * 26, "0001-01-01", "9999-12-31"),
    "after": (*HUGE, "9999-12-31"),
    "page": (*HUGE, "0", "-1"),
    "from": ("0001-01-01", "9999-12-31", "10000-01-01", "9" * 26),
    "to": ("0001-01-01", "9999-12-31", "10000-01-01", "9" * 26),
    "amount": HUGE,
    "q": HUGE,
}


def actor_for(endpoint):
    """Return somebody who may open a route and owns what is in its address."""
    roles = access.TABLE[endpoint]
    return (
        "admin"
        if "admin" in roles
        else next((role for role in sorted(roles & access.EVERY_STAFF)), "alice")
    )


@pytest.mark.parametrize("name", SAFE_ONES)
def test_no_number_and_no_day_in_the_query_string_crashes_a_page(world, name):  # noqa: F811
    rule, bad = RULES[name], {}
    path = world.url(rule)
    for key, values in ASKED.items():
        for value in values:
            status = opened(world, actor_for(rule.endpoint), path, {key: value}).status_code
            if status >= 500 and status != open_status(world, rule):
                bad[f"{key}={value[:30]}"] = status
    assert bad == {}


@pytest.mark.parametrize("name", [name for name in SAFE_ONES if "int:" in RULES[name].rule])
@pytest.mark.parametrize("value", [str(MOST), str(MOST + 1), *HUGE[:3], "٩" * 30])
def test_a_number_in_a_path_that_no_column_holds_is_not_found(world, name, value):  # noqa: F811
    path = "/".join(
        value if part.startswith("<int:") else part for part in RULES[name].rule.split("/")
    )
    assert opened(world, actor_for(RULES[name].endpoint), path).status_code == 404


def opened(world, actor, path, query=None):  # noqa: F811
    client = world.app.test_client(use_cookies=False)
    answer = client.get(
        path, query_string=query, headers={"Cookie": f"crowdfund={world.cookies[actor]}"}
    )
    answer.get_data()  # a file is made while it is sent
    return answer


def open_status(world, rule):  # noqa: F811
    """Return what a route answers without a query:
    some always refuse, such as a report of bad health."""
    return world.ask(actor_for(rule.endpoint), "GET", rule).status_code


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=0001-01-01", "1900"),
        ("to=9999-12-31", "9998"),
        ("from=nonsense", "2026-06-16"),
    ],
)
@pytest.mark.parametrize("path", ["/staff/audit", "/staff/audit.csv"])
def test_a_filter_that_cannot_be_used_says_what_can(world, path, query, words):  # noqa: F811
    answer = opened(world, "admin", f"{path}?{query}")
    assert answer.status_code == 422
    assert words in answer.text


def test_a_journal_account_that_does_not_exist_is_not_found(world):  # noqa: F811
    for path in ("/staff/journal/user:x:wallet", "/staff/journal/user:x:wallet/postings.csv"):
        assert opened(world, "admin", path).status_code == 404
