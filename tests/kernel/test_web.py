"""The shell around every page: commit or roll back, refuse, explain, protect."""

import re

import pytest

from crowdfund.kernel import access
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.web import requests
from crowdfund.people import queries, service
from tests import raising

HTMX = {"HX-Request": "true"}
JSON = {"Accept": "application/json"}


def exists(name):
    rollback()
    return queries.find_by_email(f"{name}@example.com") is not None


@pytest.mark.parametrize("status", [200, 201, 204, 303])
def test_a_good_answer_commits(probe, status):
    assert probe.post(f"/probe/keep/{status}").status_code == status
    assert exists("kept")


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500, 503])
def test_a_refusal_rolls_back(probe, status):
    assert probe.post(f"/probe/keep/{status}").status_code == status
    assert not exists("kept")


@pytest.mark.parametrize("path", ["core", "orm"])
def test_a_page_that_is_only_read_cannot_write(probe, path):
    answer = probe.get(f"/probe/{path}")
    assert answer.status_code == 500
    assert not exists(path)


def test_what_a_read_page_leaves_unwritten_is_forgotten(probe):
    assert probe.get("/probe/orm-lazy").status_code == 200
    assert not exists("lazy")


def test_a_commit_that_fails_is_never_a_success(probe):
    answer = probe.post("/probe/late")
    assert answer.status_code == 500
    assert "looks good" not in answer.text


@pytest.mark.parametrize(("kind", "status"), [("conflict", 409), ("invalid", 422), ("down", 503)])
def test_a_raised_refusal_becomes_a_page_a_fragment_or_json_and_rolls_back(probe, kind, status):
    page = probe.post(f"/probe/refuse/{kind}")
    fragment = probe.post(f"/probe/refuse/{kind}", headers=HTMX)
    problem = probe.post(f"/probe/refuse/{kind}", headers=JSON)
    assert [answer.status_code for answer in (page, fragment, problem)] == [status] * 3
    assert "<html" in page.text
    assert "<html" not in fragment.text
    assert f"It is &lt;{kind}&gt;." in page.text
    assert f"It is &lt;{kind}&gt;." in fragment.text
    assert problem.mimetype == "application/problem+json"
    assert problem.json["detail"] == f"It is <{kind}>."
    assert (problem.json["status"], bool(problem.json["code"])) == (status, True)
    assert "HX-Request" in page.headers["Vary"]
    assert not exists("refused")


def test_a_crash_tells_nothing_of_the_inside_and_books_nothing(probe):
    answer = probe.post("/probe/crash")
    assert answer.status_code == 500
    assert "Nothing was booked" in answer.text
    assert "secret detail" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert not exists("crashed")


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/nowhere", "GET", 404), ("/probe/core", "POST", 405)]
)
def test_errors_of_the_address_are_explained_too(probe, path, method, status):
    answer = probe.open(path, method=method)
    assert answer.status_code == status
    assert re.search(r"<h1[^>]*>[^<]+</h1>", answer.text)
    assert probe.open(path, method=method, headers=JSON).json["status"] == status


def test_a_body_without_end_is_refused(probe):
    answer = probe.post("/probe/on", data={"file": "x" * (12 * 1024 * 1024)}, headers=JSON)
    assert answer.status_code in (303, 413)  # nobody read it, or it was too long to read
    assert probe.post("/sign-in", data={"identifier": "x" * (12 * 1024 * 1024)}).status_code == 413


@pytest.mark.parametrize("path", ["/probe/refuse/conflict", "/probe/keep/200", "/sign-in"])
def test_a_form_without_its_token_is_refused_with_a_sentence(guarded, path):
    answer = guarded.post(path, data={"email": "a@example.com"})
    assert answer.status_code == 400
    assert "Nothing was done. Reload and try again." in answer.text
    assert not exists("kept")


def test_a_form_with_the_token_of_its_own_session_passes_and_another_does_not(guarded, probe_app):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', guarded.get("/sign-in").text)[1]
    stranger = probe_app.test_client()
    stranger.get("/sign-in")
    assert stranger.post("/probe/keep/200", data={"csrf_token": token}).status_code == 400
    assert guarded.post("/probe/keep/200", data={"csrf_token": token}).status_code == 200
    assert guarded.post("/probe/keep/200", headers={"X-CSRFToken": token}).status_code == 200


def test_the_content_policy_allows_nothing_inline_and_its_nonce_is_fresh(probe):
    first, second = probe.get("/sign-in"), probe.get("/sign-in")
    policies = [answer.headers["Content-Security-Policy"] for answer in (first, second)]
    for answer, policy in zip((first, second), policies, strict=True):
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert {
            "default-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        } <= {part.strip() for part in policy.split(";")}
        for nonce in re.findall(r'nonce="([^"]+)"', answer.text):
            assert f"'nonce-{nonce}'" in policy
        assert not re.search(r"<script(?![^>]*(src|nonce)=)[^>]*>", answer.text)
    nonces = [set(re.findall(r"'nonce-([^']+)'", policy)) for policy in policies]
    assert not nonces[0] & nonces[1]


def test_a_page_says_that_it_depends_on_the_language_and_a_file_does_not(probe):
    for path in ("/", "/sign-in", "/campaigns", "/nowhere", "/transparency/drift"):
        for headers in ({}, HTMX):
            varied = probe.get(path, headers=headers).headers["Vary"].replace(" ", "").split(",")
            assert {"Accept-Language", "Cookie", "HX-Request"} <= set(varied)
            assert len(varied) == len(set(varied))
    hindi = {"Accept-Language": "hi"}
    assert probe.get("/", headers=hindi).text != probe.get("/").text
    for path in ("/static/app.css", "/health"):
        assert "Language" not in probe.get(path).headers.get("Vary", "")


def test_every_answer_carries_the_headers_that_protect_people(probe):
    for answer in (probe.get("/sign-in"), probe.get("/nowhere"), probe.post("/probe/crash")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def person(name, *roles):
    made = service.ensure_user(f"{name}@example.com", name.capitalize(), roles=roles)
    commit()
    return made


def test_a_route_that_nobody_decided_about_is_closed_to_everybody(probe):
    assert probe.get("/probe/unlisted").status_code == 303
    raising.sign_in(probe, person("ada", "admin", "compliance", "finance", "regulator"))
    assert probe.get("/probe/unlisted").status_code == 403


def test_a_regulator_reads_a_staff_page_and_writes_nothing(probe):
    raising.sign_in(probe, person("rita", "regulator"))
    assert probe.get("/probe/desk").status_code == 200
    refused = probe.post("/probe/desk")
    assert refused.status_code == 403
    assert "Nothing was changed" in refused.text
    raising.sign_in(probe, person("adam", "admin", "regulator"))
    assert probe.post("/probe/desk").status_code == 200


def test_a_visitor_is_sent_to_sign_in_and_back_a_program_is_told(probe):
    assert (
        probe.get("/probe/desk?a=1&b=2").headers["Location"]
        == "/sign-in?next=/probe/desk%3Fa%3D1%26b%3D2"
    )
    assert probe.get("/probe/desk", headers=JSON).status_code == 401
    part = probe.get("/probe/desk", headers={**HTMX, "Referer": "http://localhost/wallet?page=2"})
    assert part.headers["HX-Redirect"] == "/sign-in?next=/wallet%3Fpage%3D2", (
        "the page, not its part"
    )
    referred = probe.post("/probe/desk", headers={"Referer": "http://evil.example/x"})
    assert referred.headers["Location"] == "/sign-in?next=/"


def test_a_post_leads_on_with_303_and_htmx_with_a_header(probe):
    plain, fragment = probe.post("/probe/on"), probe.post("/probe/on", headers=HTMX)
    assert (plain.status_code, plain.headers["Location"]) == (303, "/there")
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, "/there")


@pytest.mark.parametrize("target", ["/", "/a", "/a/b?c=d&e=/f", "/a#b", "/ሀ"])
def test_a_next_target_on_this_host_is_followed(app, target):
    with app.test_request_context("/"):
        assert requests.own_path(target, "/default") == target


@pytest.mark.parametrize(
    "target",
    [
        None, "", "a", "//evil.example", "///evil.example", "https://evil.example",
        "/\\evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example",
        " //evil.example", "/\r/evil.example", "http:evil.example", "/\x00//evil", "\\\\evil",
    ],
)  # fmt: skip
def test_a_next_target_elsewhere_is_not(target):
    assert requests.own_path(target, "/default") == "/default"


def test_a_target_from_the_address_is_judged_when_somebody_is_signed_in_already(probe):
    raising.sign_in(probe, person("alice"))
    assert probe.get("/sign-in?next=//evil.example").headers["Location"] == "/campaigns"
    assert probe.get("/sign-in?next=/wallet").headers["Location"] == "/wallet"


def test_roles_that_do_not_exist_cannot_be_granted():
    with pytest.raises(ValueError, match="unknown roles"):
        access.staff("admim")
    assert not access.allows("no.such", frozenset({"visitor", "investor", *access.STAFF}))
