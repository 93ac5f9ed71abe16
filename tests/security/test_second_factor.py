"""The second factor: what staff may not do without it, and that each code opens once."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

import crowdfund
from crowdfund.adapters import mail
from crowdfund.documents import service as documents
from crowdfund.kernel import access, clock, outbox, sessions
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Forbidden
from crowdfund.people import queries as people
from crowdfund.security import jobs, queries, rules
from crowdfund.security.models import RecoveryCode, Totp
from crowdfund.security.service import second_factor
from tests import raising

from .factors import by_mail, code, enrolled, prove, recover, wrong


@pytest.fixture
def staff(app, frozen):
    """Carla of compliance, with an authenticator app."""
    return enrolled(raising.person("carla", "compliance"))


@pytest.fixture
def alice(app, frozen):
    """An investor with an authenticator app."""
    return enrolled(raising.person("alice"))


@pytest.fixture
def codes(alice):
    made = second_factor.make_recovery_codes(alice)
    commit()
    return made


# --- staff roles sleep until it was proved --------------------------------------------------------

STAFF_PAGES = [
    ("compliance", "/staff/people"),
    ("regulator", "/staff/people"),
    ("finance", "/staff/payments"),
]


@pytest.mark.parametrize(("role", "url"), STAFF_PAGES)
@pytest.mark.parametrize("headers", [{}, {"Accept-Language": "am"}, {"Accept-Language": "hi"}])
def test_a_staff_page_leads_to_the_second_factor_in_any_language(app, frozen, role, url, headers):
    browser = raising.sign_in(app.test_client(), raising.person("sam", role), second_factor=False)
    answer = browser.get(url, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/sign-in/second-factor?next={url}",
    )


def test_a_program_is_told_by_a_problem_and_htmx_by_its_header(app, frozen):
    browser = raising.sign_in(
        app.test_client(), raising.person("sam", "admin"), second_factor=False
    )
    problem = browser.get("/staff/people", headers={"Accept": "application/json"})
    assert (problem.status_code, problem.json["code"]) == (403, "second_factor_needed")
    swap = browser.get("/staff/people", headers={"HX-Request": "true"})
    assert (swap.status_code, swap.headers["HX-Redirect"]) == (
        403,
        "/sign-in/second-factor?next=/staff/people",
    )
    assert "staff" not in swap.text


def staff_routes(app):
    """Return (method, address) of every route that only staff may use."""
    for rule in app.url_map.iter_rules():
        if access.is_staff_only(rule.endpoint):
            address = re.sub(r"<int:[^>]+>", "1", rule.rule)
            address = re.sub(
                r"<string\(length=(\d+)\):[^>]+>", lambda found: "0" * int(found[1]), address
            )
            address = re.sub(r"<[^>]+>", "0" * 32, address)
            for method in rule.methods & {"GET", "POST"}:
                yield method, address, rule.endpoint


def test_no_staff_route_does_anything_before_it_is_proved(app, frozen):
    sam = raising.person("sam", "admin", "compliance", "finance", "regulator")
    browser = raising.sign_in(app.test_client(), sam, second_factor=False)
    routes = list(staff_routes(app))
    assert len(routes) > 30
    for method, address, endpoint in routes:
        if endpoint.startswith("probe."):
            continue
        answer = browser.open(address, method=method)
        where = (method, address, answer.status_code, answer.headers.get("Location", "")[:22])
        if address.endswith(".csv"):  # a page in the place of a file would be stored as one
            assert where == (method, address, 403, "")
            assert "/sign-in/second-factor?next=" in answer.text
        else:
            assert where == (method, address, 303, "/sign-in/second-factor")


def test_a_desk_whose_role_sleeps_is_in_the_navigation_and_leads_to_the_second_factor(app, frozen):
    asleep = raising.sign_in(
        app.test_client(), raising.person("carla", "compliance"), second_factor=False
    )
    for page in ("/campaigns", "/account"):
        assert "/staff/approvals" in asleep.get(page).text
    assert asleep.get("/staff/approvals").headers["Location"].startswith("/sign-in/second-factor")


def test_what_a_role_would_open_beside_the_table_stays_closed_while_it_sleeps(app, frozen):
    """A person's documents are open to the person and to compliance, by the role."""
    dora, carla = raising.person("dora"), raising.person("carla", "compliance")
    picture = raising.picture((400, 300))
    document = documents.store(("person", dora), "national_id", "id.png", picture, actor=dora)
    commit()
    asleep = raising.sign_in(app.test_client(), carla, second_factor=False)
    awake = raising.sign_in(app.test_client(), carla)
    statuses = [one.get(f"/documents/{document}").status_code for one in (asleep, awake)]
    assert statuses == [404, 200]


def test_the_proof_keeps_staff_roles_for_twelve_hours(app, staff, frozen):
    browser = raising.sign_in(app.test_client(), staff)
    frozen.advance(timedelta(hours=12, seconds=-1))
    assert browser.get("/staff/people").status_code == 200
    frozen.advance(timedelta(seconds=1))
    assert browser.get("/staff/people").status_code == 303


def test_the_proof_of_somebody_else_in_the_same_browser_counts_nothing(app, staff, frozen):
    browser = raising.sign_in(app.test_client(), raising.person("alice"))
    with browser.session_transaction() as session:
        sessions.note_proof(session, staff, "totp")
    raising.sign_in(browser, raising.person("rita", "regulator"), second_factor=False)
    assert browser.get("/staff/people").status_code == 303


# --- signing in -----------------------------------------------------------------------------------


def test_who_has_a_second_factor_is_nobody_until_it_is_proved(app, client, alice):
    answer = by_mail(client, "alice@example.com", "/wallet")
    assert answer.headers["Location"] == "/sign-in/second-factor"
    assert client.get("/wallet").headers["Location"].startswith("/sign-in?next")
    assert "Confirm that it is you" in client.get("/sign-in/second-factor").text
    answer = client.post("/sign-in/second-factor", data={"code": code()})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/wallet")
    assert client.get("/wallet").status_code == 200


def test_a_language_chosen_before_is_the_accounts_when_the_second_factor_is_proved(client, alice):
    client.post("/language", data={"language": "am"})
    by_mail(client, "alice@example.com")
    rollback()
    assert people.get(alice).language == ""
    client.post("/sign-in/second-factor", data={"code": code()})
    rollback()
    assert people.get(alice).language == "am"


def test_half_way_ends_after_ten_minutes(client, alice, frozen):
    by_mail(client, "alice@example.com")
    frozen.advance(timedelta(minutes=10))
    answer = client.post("/sign-in/second-factor", data={"code": code()})
    assert answer.headers["Location"].startswith("/sign-in?")
    assert client.get("/account").status_code == 303


def test_the_session_key_changes_when_the_second_factor_is_proved(app, client, alice):
    by_mail(client, "alice@example.com")
    before = client.get_cookie("crowdfund").value
    client.post("/sign-in/second-factor", data={"code": code()})
    assert client.get_cookie("crowdfund").value != before
    thief = app.test_client()
    thief.set_cookie("crowdfund", before)
    assert thief.get("/account").status_code == 303


def test_staff_without_a_factor_sign_in_and_are_led_to_set_one_up(client, frozen, app):
    raising.person("finn", "finance")
    answer = by_mail(client, "finn@example.com", "/staff/payments")
    assert answer.headers["Location"] == "/account/security?next=/staff/payments"
    assert (
        "Set up a second factor to use your staff role"
        in client.get(answer.headers["Location"]).text
    )
    assert (
        client.get("/staff/payments").headers["Location"]
        == "/sign-in/second-factor?next=/staff/payments"
    )
    asked = client.get("/sign-in/second-factor?next=/staff/payments")
    assert asked.headers["Location"] == "/account/security?next=/staff/payments"


def assert_codes_can_be_downloaded_and_printed(client, codes):
    page = client.get("/account/security/recovery-codes").text
    assert 'href="/account/security/recovery-codes.txt">' in page
    assert "data-print" in page
    answer = client.get("/account/security/recovery-codes.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=crowdfund-recovery-codes.txt"
    )
    assert answer.headers["Cache-Control"] == "private, no-store"
    head, _day, _once, _blank, *lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert head == "Recovery codes for finn@example.com at crowdfund"
    assert lines == codes


def test_a_file_of_recovery_codes_is_only_for_who_has_just_made_them(client, alice):
    assert client.get("/account/security/recovery-codes.txt").status_code == 401
    raising.sign_in(client, alice)
    answer = client.get("/account/security/recovery-codes.txt")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "no longer shown" in answer.text


def test_setting_up_an_app_wakes_the_role_and_shows_the_recovery_codes_once(client, frozen, app):
    finn = raising.person("finn", "finance")
    raising.sign_in(client, finn, second_factor=False)
    page = client.get("/account/security/app?next=/staff/payments").text
    secret = re.search(r'<code class="cf-secret"[^>]*>([A-Z2-7 ]+)</code>', page)[1].replace(
        " ", ""
    )
    assert "<svg" in page
    typed = rules.code_at(secret, rules.step_of(clock.now()))
    answer = client.post("/account/security/app", data={"code": typed, "next": "/staff/payments"})
    assert answer.headers["Location"] == "/account/security/recovery-codes?next=/staff/payments"
    codes = re.findall(
        r"<li><code>([A-Z0-9-]{14})</code>", client.get(answer.headers["Location"]).text
    )
    assert len(set(codes)) == 10
    assert_codes_can_be_downloaded_and_printed(client, codes)
    stored = client.post(
        "/account/security/recovery-codes/stored", data={"next": "/staff/payments"}
    )
    assert stored.headers["Location"] == "/staff/payments"
    assert client.get("/staff/payments").status_code == 200
    assert client.get("/account/security/recovery-codes").status_code == 303
    assert client.get("/account/security/recovery-codes.txt").status_code == 404
    rollback()
    assert secret not in str(db.session.execute(sa.select(Totp.__table__)).all())
    hidden = str(db.session.execute(sa.select(RecoveryCode.__table__)).all())
    assert not any(one.replace("-", "") in hidden for one in codes)
    assert recover(finn, codes[3].lower()) == 9


def test_the_secret_waits_sealed_in_the_session_and_stays_the_same(client, frozen, app):
    raising.sign_in(client, raising.person("alice"))
    pages = [client.get("/account/security/app").text for _ in range(2)]
    found = {
        re.search(r'<code class="cf-secret"[^>]*>([A-Z2-7 ]+)</code>', page)[1] for page in pages
    }
    assert len(found) == 1
    rollback()
    (kept,) = db.session.scalars(sa.select(sessions.WebSession.data)).all()
    assert found.pop().replace(" ", "") not in str(kept)


@pytest.mark.parametrize("typed", ["", "000000x", "12345", "١٢٣٤٥٦", "<b>", "9" * 19])
def test_what_is_no_code_is_refused_with_a_sentence_and_switches_nothing_on(
    client, frozen, app, typed
):
    alice = raising.person("alice")
    raising.sign_in(client, alice)
    client.get("/account/security/app")
    answer = client.post("/account/security/app", data={"code": typed})
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    rollback()
    assert queries.factors(alice) == ()


# --- step-up, removal, reset ----------------------------------------------------------------------


def test_a_sensitive_page_asks_again_after_ten_minutes(client, alice, frozen):
    raising.sign_in(client, alice, second_factor=True)
    assert client.get("/account/security/app").status_code == 200
    frozen.advance(timedelta(minutes=10))
    answer = client.get("/account/security/app")
    assert answer.headers["Location"] == "/sign-in/second-factor?next=/account/security/app"
    answer = client.post(
        "/sign-in/second-factor", data={"code": code(), "next": "/account/security/app"}
    )
    assert answer.headers["Location"] == "/account/security/app"
    assert client.get("/account/security/app").status_code == 200


@pytest.mark.parametrize("path", ["app/remove", "recovery-codes"])
def test_a_hijacked_session_cannot_touch_the_factors(client, alice, path):
    raising.sign_in(client, alice)
    answer = client.post(f"/account/security/{path}")
    assert answer.headers["Location"].startswith("/sign-in/second-factor")
    rollback()
    assert queries.factors(alice) == ("totp",)
    assert queries.recovery_codes_left(alice) is None


def test_removing_the_app_signs_out_other_devices_and_tells(app, client, alice, codes):
    other = raising.sign_in(app.test_client(), alice)
    raising.sign_in(client, alice, second_factor=True)
    assert client.post("/account/security/app/remove").status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    rollback()
    assert (queries.factors(alice), queries.recovery_codes_left(alice)) == ((), None)
    outbox.drain_all()
    assert any("removed" in letter["Subject"].lower() for letter in mail.OUTBOX)


def test_staff_reset_the_factors_of_somebody_else_and_of_nobody_else(app, client, alice, codes):
    admin = raising.person("ada", "admin")
    raising.sign_in(client, alice)
    with pytest.raises(Forbidden):
        second_factor.reset(alice, alice)
    second_factor.reset(alice, admin)
    commit()
    assert (queries.factors(alice), queries.recovery_codes_left(alice)) == ((), None)
    assert client.get("/account").status_code == 303
    with pytest.raises(Conflict):
        second_factor.reset(alice, admin)
    rollback()
    assert "second_factor_reset" in [event.what for event in queries.security_events(alice)]


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/x"])
def test_after_the_second_factor_nobody_is_led_to_another_site(client, alice, target):
    raising.sign_in(client, alice)
    answer = client.post("/sign-in/second-factor", data={"code": code(), "next": target})
    assert answer.headers["Location"] == "/account/security"


# --- what is left behind --------------------------------------------------------------------------


def test_what_no_rule_looks_at_any_more_is_forgotten_and_nothing_else(app, alice, codes, frozen):
    with pytest.raises(rules.WrongFactor):
        prove(alice, wrong())
    browser = raising.sign_in(app.test_client(), alice)
    browser.post("/sign-in/passkey/options")
    frozen.advance(timedelta(days=1, hours=23))
    assert jobs.purge() == 0
    commit()
    frozen.advance(timedelta(hours=2))
    assert jobs.purge() == 2
    commit()
    assert browser.get("/account").status_code == 200
    frozen.advance(timedelta(days=15))
    assert jobs.purge() == 1
    commit()
    assert (queries.factors(alice), queries.recovery_codes_left(alice)) == (("totp",), 10)


def test_every_line_of_the_security_history_has_words(app, alice):
    template = app.jinja_env.get_template("security/security_words.html").module
    code = Path(crowdfund.__file__).parent
    calls = [
        node
        for path in code.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("history.note")
    ]
    found = {
        part.value
        for node in calls
        for part in ast.walk(node.args[1])
        if isinstance(part, ast.Constant)
    }
    found |= {"change_requested", "change_applied", "change_cancelled", "change_failed"}
    found |= {"payout_verified", "payout_rejected"}
    assert {"second_factor_added", "new_device"} <= found
    for what in found:
        said = template.said(SimpleNamespace(what=what, detail="")).strip()
        assert what not in said or " " in said, what
        assert said != what
