"""The thread of what somebody wanted to do is not lost by signing in, waiting or verifying."""

import ast
import re
from pathlib import Path

import pytest

from crowdfund.kernel import access
from crowdfund.kernel.web.requests import own_path

ROOT = Path(__file__).resolve().parents[2]
HTMX = {"HX-Request": "true"}


def next_of(answer):
    return re.search(r"[?&]next=([^&]*)", answer.headers["Location"])[1].replace("%3F", "?")


def test_a_background_read_without_a_session_never_navigates(app):
    page = "http://localhost/campaigns/coffee/invest?amount=5"
    answer = app.test_client().get(
        "/campaigns/coffee/quote?amount=50", headers=HTMX | {"HX-Current-URL": page}
    )
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer.headers
    assert "next=/campaigns/coffee/invest%3Famount%3D5" in answer.headers["X-Sign-In"]
    assert "quote" not in answer.headers["X-Sign-In"]


@pytest.mark.parametrize("current", ["", "http://evil.example/x", "http://[", "not an address"])
def test_the_page_that_a_background_read_names_is_ours_or_none(app, current):
    answer = app.test_client().get(
        "/campaigns/coffee/quote", headers=HTMX | {"HX-Current-URL": current}
    )
    assert answer.status_code == 401
    assert answer.headers["X-Sign-In"].endswith("next=/")


def test_a_fragment_opened_by_hand_leads_to_a_page(app):
    answer = app.test_client().get("/campaigns/coffee/quote?amount=50")
    assert (answer.status_code, next_of(answer)) == (303, "/")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/campaigns/coffee/invest?amount=5", "/campaigns/coffee/invest?amount=5"),
        ("/campaigns/coffee/quote?amount=5", "/home"),
        ("/campaigns/coffee/room", "/home"),
        ("/notifications/bell", "/home"),
        ("/no/such/page", "/no/such/page"),
        ("//evil.example", "/home"),
    ],
)
def test_next_is_a_page_and_never_a_fragment(app, target, expected):
    with app.test_request_context("/"):
        assert own_path(target, "/home") == expected


def test_every_fragment_with_an_address_of_its_own_is_known():
    """A view that renders nothing but a part is in access.FRAGMENTS."""
    found = set()
    for path in ROOT.glob("crowdfund/*/views*/*.py"):
        found |= fragments_of(path, path.parts[-3])
    for path in ROOT.glob("crowdfund/*/views.py"):
        found |= fragments_of(path, path.parts[-2])
    assert found - access.FRAGMENTS == set()
    assert access.TABLE.keys() >= access.FRAGMENTS


def fragments_of(path, feature):
    return {
        f"{feature}.{node.name}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and "bp." in "".join(map(ast.unparse, node.decorator_list))
        if re.search(r"pages\.render\('\w+/_", ast.unparse(node))
    }


def test_the_page_of_the_code_keeps_where_to_go_when_the_session_is_lost(app):
    answer = app.test_client().get("/sign-in/code?next=/campaigns/coffee/invest")
    assert (answer.status_code, next_of(answer)) == (303, "/campaigns/coffee/invest")


def test_asking_for_a_code_names_where_to_go_in_the_next_address(app):
    answer = app.test_client().post(
        "/sign-in", data={"identifier": "alice@example.com", "next": "/portfolio"}
    )
    assert (answer.status_code, next_of(answer)) == (303, "/portfolio")


def test_a_post_after_the_session_has_ended_comes_back_to_its_page(app):
    answer = app.test_client().post(
        "/campaigns/coffee/invest",
        headers={"Referer": "http://localhost/campaigns/coffee/invest?amount=5"},
    )
    assert next_of(answer).startswith("/campaigns/coffee/invest")
